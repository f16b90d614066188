// Zoom, and the window where the protocol lets readers adjust it.
"use strict";
