//! What tissues do to sound.

use super::array::FREQUENCY_MHZ;

/// What a sample lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tissue {
    /// Coupling gel, or the water of a phantom's tank.
    Gel,
    /// Dermis.
    Skin,
    /// Fat under the skin.
    Fat,
    /// Muscle of the wall and the back.
    Muscle,
    /// Omentum, mesentery and collapsed bowel: what fills the belly between organs.
    Bowel,
    /// Fat around the kidneys.
    PerirenalFat,
    /// Liver.
    Liver,
    /// Spleen.
    Spleen,
    /// Flowing blood.
    Blood,
    /// The diaphragm with its pleura and peritoneum.
    Diaphragm,
    /// Walls of arteries, portal veins and gallbladder.
    Wall,
    /// Bile, with the clutter that fluid shows near bright tissue.
    Bile,
    /// Kidney cortex.
    Cortex,
    /// Kidney pyramids.
    Medulla,
    /// The fat and vessels in the kidney's middle.
    Sinus,
    /// Bone.
    Bone,
    /// Gallstone.
    Stone,
    /// Aerated lung, bowel gas, and the air around the body.
    Gas,
    /// A uniform tissue-mimicking material.
    Phantom,
}

/// How the strength of scattering varies inside a tissue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texture {
    /// The same everywhere.
    Uniform,
    /// Parenchyma: almost the same everywhere.
    Even,
    /// Fibres along the skin.
    Striated,
    /// Lobules with bright septa along the skin.
    Septate,
    /// Patches of all kinds.
    Mottled,
}

/// The acoustics of one tissue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Acoustics {
    /// Backscatter relative to liver, dB.
    pub(super) scatter_db: f32,
    /// Attenuation, dB/(cm·MHz), one way.
    pub(super) attenuation: f32,
    /// Texture.
    pub(super) texture: Texture,
}

/// How many tissues there are.
pub(super) const TISSUES: usize = Tissue::Phantom as usize + 1;

impl Tissue {
    /// All tissues, in the order of their numbers.
    pub(super) const ALL: [Self; TISSUES] = [
        Self::Gel,
        Self::Skin,
        Self::Fat,
        Self::Muscle,
        Self::Bowel,
        Self::PerirenalFat,
        Self::Liver,
        Self::Spleen,
        Self::Blood,
        Self::Diaphragm,
        Self::Wall,
        Self::Bile,
        Self::Cortex,
        Self::Medulla,
        Self::Sinus,
        Self::Bone,
        Self::Stone,
        Self::Gas,
        Self::Phantom,
    ];

    /// The acoustics of this tissue.
    ///
    /// Attenuation after Duck, "Physical Properties of Tissue" (1990) and the table in Szabo, "Diagnostic Ultrasound
    /// Imaging" (2nd ed., 2014), app. B, taken as proportional to frequency. Backscatter relative to liver follows the
    /// order every sonographer knows: sinus > spleen ≥ liver > cortex > pyramids » blood > bile; muscle and fat under the
    /// skin are darker than liver between their bright layers.
    pub(super) const fn acoustics(self) -> Acoustics {
        let (scatter_db, attenuation, texture) = match self {
            Self::Gel => (-90.0, 0.0, Texture::Uniform),
            Self::Skin => (9.0, 1.8, Texture::Even),
            Self::Fat => (-7.0, 0.6, Texture::Septate),
            Self::Muscle => (-6.0, 0.9, Texture::Striated),
            Self::Bowel => (-1.0, 0.6, Texture::Mottled),
            Self::PerirenalFat => (5.0, 0.6, Texture::Even),
            Self::Liver => (0.0, 0.5, Texture::Even),
            Self::Spleen => (1.0, 0.4, Texture::Even),
            Self::Blood => (-30.0, 0.18, Texture::Uniform),
            Self::Diaphragm => (11.0, 0.9, Texture::Even),
            Self::Wall => (4.0, 0.7, Texture::Even),
            Self::Bile => (-36.0, 0.05, Texture::Uniform),
            Self::Cortex => (-4.5, 0.6, Texture::Even),
            Self::Medulla => (-11.0, 0.6, Texture::Even),
            Self::Sinus => (7.0, 0.8, Texture::Mottled),
            Self::Bone => (0.0, 15.0, Texture::Uniform),
            Self::Stone => (8.0, 18.0, Texture::Uniform),
            Self::Gas => (-90.0, 40.0, Texture::Uniform),
            Self::Phantom => (0.0, COMPENSATED_ATTENUATION, Texture::Uniform),
        };
        Acoustics { scatter_db, attenuation, texture }
    }
}

/// The attenuation the scanner makes up for by itself, dB/(cm·MHz): that of liver, the value such presets assume.
pub(super) const COMPENSATED_ATTENUATION: f32 = 0.5;

/// Loss of an echo for each metre of depth, there and back, dB.
pub(super) const fn echo_loss_db_per_m(attenuation: f32) -> f32 {
    2.0 * attenuation * FREQUENCY_MHZ * 100.0
}

/// A ratio of amplitudes from decibels.
pub(super) fn from_db(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_tissues_is_in_the_order_of_their_numbers() {
        for (number, tissue) in Tissue::ALL.into_iter().enumerate() {
            assert_eq!(tissue as usize, number);
        }
    }

    #[test]
    fn an_echo_from_ten_centimetres_of_liver_has_lost_35_db() {
        assert!((echo_loss_db_per_m(Tissue::Liver.acoustics().attenuation) * 0.1 - 35.0).abs() < 1e-3);
    }
}
