"""What apps above this one are told; this one knows none of them."""

from django.dispatch import Signal

# Sent once the unblinding of a study is on disk, with study_id.
study_unblinded = Signal()
