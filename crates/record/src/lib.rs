//! Session log, summary and stills.
