//! Puts the simulated arm, patient and scanner together.
