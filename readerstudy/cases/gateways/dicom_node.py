"""A DICOM node that others send to: C-ECHO and C-STORE, by pynetdicom (PS3.4 B).

It keeps no state of its own: what arrives whole is handed to `receive`, which stores
it before the sender is told that it is stored.
"""

import logging
import socket
import socketserver
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast
from weakref import WeakKeyDictionary

from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode_file_meta
from pynetdicom.presentation import (
    AllStoragePresentationContexts,
    PresentationContext,
)
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from readerstudy.imaging.dicom_file import MAX_FILE_BYTES
from readerstudy.imaging.errors import Refused

logger = logging.getLogger(__name__)

# Where a sender offers several, the first of these is taken: never a lossy one while
# there is another, and uncompressed before compressed.
PREFERRED = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEGLSLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLossless,
    RLELossless,
    DeflatedExplicitVRLittleEndian,
)
# Pixels that lie elsewhere, or are a film.
UNUSABLE = ("JPIP", "MPEG", "HEVC", "SMPTE")
VERIFICATION = UID("1.2.840.10008.1.1")
ASSOCIATIONS = 8
# What one association may send that is held in memory: a data set, and before it is
# accepted only its request.
REQUEST_BYTES = 2**20
MOST_BYTES = MAX_FILE_BYTES // 2
IDLE_S = 60
ABORT_S = 0.5
CHUNK = 2**20
SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000  # PS3.4 B.2.3


@dataclass(frozen=True)
class Arrived:
    """A whole object. chunks: of the DICOM file that it is, in memory."""

    peer: str
    sop_uid: str
    chunks: Iterable[bytes]


Receive = Callable[[Arrived], bool]  # whether it is new; Refused: no room for it


def transfer_syntaxes() -> list[UID]:
    others = (uid for uid in AllTransferSyntaxes if uid not in PREFERRED)
    return [
        *PREFERRED,
        *(uid for uid in others if not any(word in uid.name for word in UNUSABLE)),
    ]


def _contexts() -> list[PresentationContext]:
    syntaxes: list[str | UID] = [*transfer_syntaxes()]
    storage = [
        build_context(str(context.abstract_syntax), syntaxes)
        for context in AllStoragePresentationContexts
    ]
    return [*storage, build_context(VERIFICATION)]


def _silence_libraries() -> None:
    """Their own lines tell identifiers: at DEBUG, with exceptions, in warnings."""
    _config.LOG_HANDLER_LEVEL = "none"
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")


class _Connection(socket.socket):
    """A connection that ends itself before a sender fills our memory.

    pynetdicom takes in as much as the sender announces, whatever was negotiated.
    """

    held = 0
    most = REQUEST_BYTES

    def recv(self, size: int, *flags: int) -> bytes:
        content = super().recv(size, *flags)
        self.held += len(content)
        if self.held > self.most:
            raise OSError("more than one association may send")
        return content


class _Handler(RequestHandler):
    def setup(self) -> None:
        assert isinstance(self.request, socket.socket)
        self.request = _Connection(fileno=self.request.detach())
        self.request.settimeout(IDLE_S)


class _Server(ThreadedAssociationServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.error("A connection failed: %s", type(sys.exception()).__name__)

    def shutdown(self) -> None:
        """pynetdicom's own expects to be among the servers that it started itself."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()


class DicomNode:
    """host "": all addresses. allowed: AE titles that may send; nobody else may."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        aet: str,
        allowed: Sequence[str],
        receive: Receive,
    ) -> None:
        if not allowed:
            raise ValueError("pynetdicom would take an empty list as everybody")
        self._receive = receive
        self._outcomes: WeakKeyDictionary[Association, Counter[str]]
        self._outcomes = WeakKeyDictionary()
        _silence_libraries()
        self._ae = AE(ae_title=aet)
        self._ae.require_calling_aet = list(allowed)
        self._ae.require_called_aet = True
        self._ae.maximum_associations = ASSOCIATIONS
        self._ae.network_timeout = IDLE_S
        self._ae.maximum_pdu_size = 2**17
        self._server: ThreadedAssociationServer = self._ae.make_server(
            (host, port),
            contexts=_contexts(),
            evt_handlers=[
                (evt.EVT_ACCEPTED, _accepted),
                (evt.EVT_REJECTED, _rejected),
                (evt.EVT_DIMSE_RECV, _message_is_whole),
                (evt.EVT_C_STORE, self._store),
                (evt.EVT_CONN_CLOSE, self._log_outcomes),
            ],
            server_class=_Server,
            request_handler=_Handler,
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def run(self) -> None:
        """Until `stop` is called, from another thread."""
        self._server.serve_forever()

    def stop(self) -> None:
        """What is just being sent is not acknowledged; its sender sends it again."""
        self._server.shutdown()
        open_ones = self._ae.active_associations
        for association in open_ones:
            association.abort(block=False)
        time.sleep(ABORT_S if open_ones else 0)
        for association in open_ones:  # one may wait for bytes that never come
            _hang_up(association)

    def _store(self, event: evt.Event) -> int:
        outcomes = self._outcomes.setdefault(event.assoc, Counter())
        peer = str(event.assoc.requestor.ae_title)
        try:
            outcomes["stored" if self._receive(_arrived(event)) else "known"] += 1
        except Refused as error:
            logger.warning("%s: an object was refused: %s", peer, error)
            return OUT_OF_RESOURCES
        except OSError as error:
            logger.error("%s: an object was not stored: %s", peer, type(error).__name__)
            return OUT_OF_RESOURCES
        except Exception as error:  # its text may repeat what was sent
            logger.error("%s: an object was not stored: %s", peer, type(error).__name__)
            return CANNOT_UNDERSTAND
        return SUCCESS

    def _log_outcomes(self, event: evt.Event) -> None:
        if outcomes := self._outcomes.pop(event.assoc, None):
            logger.info(
                "%s: %d objects stored, %d were here already",
                str(event.assoc.requestor.ae_title),
                outcomes["stored"],
                outcomes["known"],
            )


def _arrived(event: evt.Event) -> Arrived:
    request = cast(C_STORE, event.request)
    if not (request.AffectedSOPInstanceUID and request.DataSet):
        raise ValueError("an object without its name or its content")
    head = bytes(128) + b"DICM" + encode_file_meta(event.file_meta)
    return Arrived(
        peer=str(event.assoc.requestor.ae_title),
        sop_uid=str(request.AffectedSOPInstanceUID),
        chunks=_file(head, request.DataSet),
    )


def _file(head: bytes, dataset: BytesIO) -> Iterator[bytes]:
    """A DICOM file (PS3.10 7.1), its data set as it was sent."""
    yield head
    content = dataset.getbuffer()
    for at in range(0, len(content), CHUNK):
        yield bytes(content[at : at + CHUNK])


def _connection(association: Association) -> _Connection | None:
    association_socket: Any = association.dul.socket
    connection = association_socket and association_socket.socket
    return connection if isinstance(connection, _Connection) else None


def _hang_up(association: Association) -> None:
    if connection := _connection(association):
        with suppress(OSError):  # it has ended by itself
            connection.shutdown(socket.SHUT_RDWR)


def _accepted(event: evt.Event) -> None:
    if connection := _connection(event.assoc):
        connection.held, connection.most = 0, MOST_BYTES


def _rejected(event: evt.Event) -> None:
    title = str(event.assoc.requestor.ae_title)[:16]
    logger.warning("An association that %r asked for was rejected", title)


def _message_is_whole(event: evt.Event) -> None:
    """Counting starts anew, unless what came before still waits for its turn."""
    connection = _connection(event.assoc)
    if connection and event.assoc.dimse.msg_queue.empty():
        connection.held = 0
