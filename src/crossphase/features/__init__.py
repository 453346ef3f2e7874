"""Features of images and texts: packaged encoders, one of your own, or none at all."""

from crossphase.features.encoders import Encoder, FunctionEncoder
from crossphase.features.extract import encode
from crossphase.features.items import image_files, open_images
from crossphase.features.patches import PatchFeatures
from crossphase.features.views import (
    IMAGE_ENCODERS,
    TEXT_ENCODERS,
    image_features,
    text_features,
)

__all__ = [
    "IMAGE_ENCODERS",
    "TEXT_ENCODERS",
    "Encoder",
    "FunctionEncoder",
    "PatchFeatures",
    "encode",
    "image_features",
    "image_files",
    "open_images",
    "text_features",
]
