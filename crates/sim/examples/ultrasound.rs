//! Draws the simulated scanner's standard views as PNG files and reports the CPU time of a picture.
//!
//! `cargo run -p farprobe-sim --example ultrasound -- FOLDER`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use farprobe_geom::{Metre, Newton, Patient, Pose, Time};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::ultrasound::{BMode, HEIGHT, ProbeView, Settings, WIDTH};
use nalgebra::{Isometry3, Point3, Rotation3, Translation3, UnitQuaternion, Vector3};
use rustix::time::{ClockId, clock_gettime};

/// Pictures that are timed for each view.
const TIMED: u32 = 40;

/// A view: where the middle of the face points from, where to, which way the picture's right side is, and how hard.
struct View {
    name: &'static str,
    from: [f64; 3],
    towards: [f64; 3],
    right: [f64; 3],
    force: f64,
    settings: Settings,
}

fn views() -> Vec<View> {
    let usual = Settings::default();
    let view = |name, from, towards, right, force| View { name, from, towards, right, force, settings: usual };
    let shallow = Settings { depth: Metre::literal(0.11), focus: Metre::literal(0.05), ..usual };
    let deep = Settings { depth: Metre::literal(0.18), focus: Metre::literal(0.11), ..usual };
    vec![
        view("liver-kidney", [0.03, -0.12, 0.20], [0.05, -0.08, 0.09], [-1.0, 0.0, 0.0], 10.0),
        view("subcostal", [0.05, -0.05, 0.22], [0.12, -0.06, 0.11], [0.0, 1.0, 0.0], 8.0),
        View {
            settings: shallow,
            ..view("gallbladder", [0.050, -0.050, 0.22], [0.054, -0.038, 0.15], [-1.0, 0.0, 0.0], 8.0)
        },
        view("gallbladder-across", [0.052, -0.045, 0.22], [0.054, -0.038, 0.15], [0.0, 1.0, 0.0], 8.0),
        view("intercostal", [0.145, -0.13, 0.17], [0.11, -0.05, 0.11], [-1.0, 0.0, 0.0], 8.0),
        view("chest", [0.25, -0.06, 0.22], [0.25, -0.05, 0.1], [-1.0, 0.0, 0.0], 8.0),
        View { settings: deep, ..view("diaphragm", [0.045, -0.06, 0.22], [0.12, -0.06, 0.11], [-1.0, 0.0, 0.0], 14.0) },
        view("aorta-across", [0.02, 0.0, 0.23], [0.02, 0.0, 0.1], [0.0, 1.0, 0.0], 8.0),
        view("aorta-along", [0.06, 0.012, 0.23], [0.06, 0.012, 0.1], [-1.0, 0.0, 0.0], 8.0),
        view("navel", [0.0, 0.0, 0.23], [0.0, 0.0, 0.1], [0.0, 1.0, 0.0], 8.0),
        // What the demo's script sees at its marks.
        view("demo-contact", [0.070, -0.050, 0.2145], [0.070, -0.0276, 0.1145], [-1.0, 0.0, 0.0], 8.0),
        view("demo-fan", [0.045, -0.050, 0.2145], [0.045, -0.0628, 0.1145], [-1.0, 0.0, 0.0], 8.0),
        View {
            settings: Settings { depth: Metre::literal(0.12), ..usual },
            ..view("demo-frozen", [0.060, -0.050, 0.2145], [0.060, -0.0276, 0.1145], [-0.94, -0.342, 0.0], 7.3)
        },
        view("light-touch", [0.05, -0.05, 0.22], [0.08, -0.06, 0.11], [0.0, 1.0, 0.0], 1.5),
        view("air", [0.05, -0.05, 0.30], [0.05, -0.05, 0.1], [0.0, 1.0, 0.0], 0.0),
    ]
}

/// A probe on the skin between `from` and `towards`, pressed in by 1 mm for each 10 N.
fn probe(body: &Body, view: &View) -> ProbeView {
    let (from, towards) = (Point3::from(view.from), Point3::from(view.towards));
    let along = (towards - from).normalize();
    let mut face = from;
    if view.force > 0.0 {
        let motion = body.motion(Time::ZERO);
        let indentation = view.force * 1e-4;
        for _ in 0..50 {
            face += along * (indentation - body.skin(&motion, &face).depth) * 0.7;
        }
    }
    let right = Vector3::from(view.right);
    let x = (right - along * right.dot(&along)).normalize();
    let rotation = Rotation3::from_basis_unchecked(&[x, along.cross(&x), along]);
    let rotation = UnitQuaternion::from_rotation_matrix(&rotation);
    let tip = Pose::<Patient>::new(Isometry3::from_parts(Translation3::from(face.coords), rotation));
    ProbeView { tip, force: Newton::new(view.force).unwrap_or_default() }
}

fn write_png(path: &Path, grey: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut encoder = png::Encoder::new(fs::File::create(path)?, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(grey)?;
    Ok(())
}

/// CPU time of this thread, ms.
fn thread_cpu_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 * 1e-6
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    fs::create_dir_all(&folder)?;
    let body = Body::new(BodyCard::default());
    let before = thread_cpu_ms();
    let mut scanner = BMode::new(body.clone(), 1);
    println!("made in {:.0} ms", thread_cpu_ms() - before);
    let mut picture = Vec::new();
    let air = probe(&body, &View { force: 0.0, ..views().remove(0) });
    scanner.render(&air, Time::ZERO, &Settings::default(), &mut picture);
    let before = thread_cpu_ms();
    let deeper = Settings { depth: Metre::literal(0.16), ..Settings::default() };
    scanner.render(&air, Time::ZERO, &deeper, &mut picture);
    println!("first picture after a change of depth {:.0} ms", thread_cpu_ms() - before);
    for view in views() {
        let probe = probe(&body, &view);
        scanner.render(&probe, Time::ZERO, &view.settings, &mut picture);
        write_png(&folder.join(view.name).with_extension("png"), &picture)?;
        let mut times: Vec<f64> = (0..TIMED)
            .map(|i| {
                let before = thread_cpu_ms();
                scanner.render(&probe, Time::from_millis(33 * u64::from(i)), &view.settings, &mut picture);
                thread_cpu_ms() - before
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{:20} p50 {:5.1} ms  max {:5.1} ms", view.name, times[times.len() / 2], times[times.len() - 1]);
    }
    Ok(())
}
