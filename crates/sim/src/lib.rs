//! Simulated arm, patient, ultrasound picture and impaired link.
