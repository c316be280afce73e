//! What the console has written of every single command.

use std::path::Path;

/// A command whose effect a picture has shown. Times in ns of the machine's monotonic clock, which desk and cart share here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    /// Whether the hand drove.
    pub(super) pressed: bool,
    /// How far its target was from where the clutch was pressed, m.
    pub(super) reach: f64,
    pub(super) sampled: u64,
    pub(super) sent: u64,
    pub(super) received: Option<u64>,
    pub(super) applied: Option<u64>,
    pub(super) picture: u64,
    pub(super) captured: u64,
    pub(super) encoded: u64,
    pub(super) arrived: u64,
    pub(super) decoded: u64,
    pub(super) shown: u64,
    /// Where the probe was then, m, in the patient's frame.
    pub(super) tip: [f64; 3],
}

/// Reads the file. The console of this very source has written it: what is not understood is a fault of this program.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!(": its trace can't be read: {error}"))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Row>, String> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    lines
        .map(|line| row(&head, line).ok_or_else(|| format!(": its trace has a line that nobody understands: {line}")))
        .collect()
}

fn row(head: &[&str], line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split(',').collect();
    let cell = |name: &str| cells.get(head.iter().position(|column| *column == name)?).copied();
    let stamp = |name: &str| cell(name)?.parse::<u64>().ok();
    let length = |name: &str| cell(name)?.parse::<f64>().ok();
    let maybe = |name: &str| match cell(name)? {
        "" => Some(None),
        text => text.parse::<u64>().ok().map(Some),
    };
    Some(Row {
        pressed: cell("clutch")? == "pressed",
        reach: length("reach")?,
        sampled: stamp("sampled")?,
        sent: stamp("sent")?,
        received: maybe("received")?,
        applied: maybe("applied")?,
        picture: stamp("picture")?,
        captured: stamp("captured")?,
        encoded: stamp("encoded")?,
        arrived: stamp("arrived")?,
        decoded: stamp("decoded")?,
        shown: stamp("shown")?,
        tip: [length("tip_x")?, length("tip_y")?, length("tip_z")?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "sequence,clutch,reach,sampled,sent,received,applied,picture,captured,encoded,arrived,decoded,shown,tip_x,tip_y,tip_z";

    #[test]
    fn a_trace_is_read_by_the_names_of_its_columns() {
        let rows = parse(&format!("{HEAD}\n9,pressed,0.0125,1,2,4,,3,5,6,7,8,9,0.1,0.2,0.3\n")).unwrap();
        let [row] = rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.pressed, row.reach, row.received, row.applied), (true, 0.0125, Some(4), None));
        assert_eq!((row.sampled, row.picture, row.shown, row.tip), (1, 3, 9, [0.1, 0.2, 0.3]));
        assert!(parse("sequence,clutch\n1,open\n").unwrap_err().contains("1,open"));
        assert_eq!(parse(HEAD), Ok(vec![]));
    }
}
