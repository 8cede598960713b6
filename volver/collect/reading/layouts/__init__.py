"""Layouts of exports that are known by name, as data: one file per platform, and what is read of them."""

from volver.collect.reading.layouts.known import Layout as Layout
from volver.collect.reading.layouts.known import OtherFile as OtherFile
from volver.collect.reading.layouts.known import known_layouts as known_layouts
from volver.collect.reading.layouts.known import layout_of as layout_of
from volver.collect.reading.layouts.known import refusal as refusal
