"""Where other systems come in or are asked: DICOM node, DICOMweb, PACS.

What is peculiar to a protocol or its library stays here; services keep what comes.
"""
