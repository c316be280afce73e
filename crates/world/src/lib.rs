//! A whole seeded exam on a virtual clock.
