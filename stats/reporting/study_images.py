"""The images of a study of any type beside their reference."""

from readerstudy.reading.models import Study

from .comparisons import ImagePairs
from .images import ImageSet, image_set
from .stack_images import StackSet, stack_set, study_type

__all__ = ["ImagePairs", "ImageSet", "StackSet", "study_images"]


def study_images(study: Study) -> ImageSet | StackSet:
    return stack_set(study) if study_type(study).is_stack else image_set(study)
