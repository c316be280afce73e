//! Whole-system tests live in `system/`; this library is empty on purpose, so that the package has one binary to link.
