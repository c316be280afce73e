//! One function for each `identity` subcommand of the two programs: each does its work and returns what to print.

use core::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{
    Authority, CA_FILE, CERTIFICATE_FILE, Claims, Fingerprint, Identity, IdentityError, Overwrite, Purpose, Role,
    Validity, store,
};

/// How long demo identities are valid, in days. They are made fresh for each demo; a day outlasts the longest.
const DEMO_DAYS: u32 = 1;

/// What a certificate says, for people. `Display` gives one line for each fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The holder's role; `None` for an authority.
    pub role: Option<Role>,
    /// The holder's name.
    pub name: String,
    /// What the certificate is for.
    pub purpose: Purpose,
    /// The certificate's fingerprint.
    pub fingerprint: Fingerprint,
    /// When it is valid.
    pub validity: Validity,
    /// The validity in words, as of the time of asking.
    pub validity_words: String,
    /// The folder it lies in.
    pub folder: PathBuf,
}

impl Summary {
    fn new(claims: &Claims, folder: &Path, now: SystemTime) -> Self {
        Self {
            role: claims.role,
            name: claims.name.clone(),
            purpose: claims.purpose,
            fingerprint: claims.fingerprint,
            validity: claims.validity,
            validity_words: claims.validity.in_words(now),
            folder: folder.into(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "name         {}", self.name)?;
        writeln!(f, "role         {}", self.role.map_or("authority", Role::name))?;
        writeln!(f, "purpose      {}", self.purpose)?;
        writeln!(f, "valid        {}", self.validity_words)?;
        writeln!(f, "fingerprint  {}", self.fingerprint)?;
        write!(f, "folder       {}", self.folder.display())
    }
}

/// `identity create-authority`: makes a real authority of `name` in `folder`, valid for `days` from `now`.
pub fn create_authority(
    folder: &Path,
    name: &str,
    days: u32,
    now: SystemTime,
    overwrite: Overwrite,
) -> Result<Summary, IdentityError> {
    let authority = Authority::create(name, Validity::days(now, days)?, Purpose::Real)?;
    authority.save(folder, overwrite)?;
    Ok(Summary::new(&authority.claims, folder, now))
}

/// A certificate to be issued by [`issue`].
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The holder's role.
    pub role: Role,
    /// The holder's name.
    pub name: &'a str,
    /// For how many days it is valid.
    pub days: u32,
}

/// `identity issue`: lets the authority in `authority_folder` issue what `request` asks for, into `folder`.
///
/// Nothing outlives its authority: a validity that would is cut short, and the summary tells the one that was given. Fails if
/// nothing is left of it, that is, if the authority has expired.
pub fn issue(
    authority_folder: &Path,
    request: Request<'_>,
    folder: &Path,
    now: SystemTime,
    overwrite: Overwrite,
) -> Result<Summary, IdentityError> {
    let authority = Authority::load(authority_folder)?;
    let asked = Validity::days(now, request.days)?;
    // Asked for in vain, it is refused by the authority, which says until when it was valid.
    let validity = asked.clipped_to(&authority.validity()).unwrap_or(asked);
    let identity = authority.issue(request.role, request.name, validity)?;
    identity.save(folder, overwrite)?;
    Ok(Summary::new(&identity.claims, folder, now))
}

/// `identity show`: what the certificate in `folder` says; the identity's own, or else the authority's. No key is read.
pub fn show(folder: &Path, now: SystemTime) -> Result<Summary, IdentityError> {
    let own = folder.join(CERTIFICATE_FILE);
    let path = if own.exists() { own } else { folder.join(CA_FILE) };
    let (_, claims) = store::read_certificate(&path)?;
    Ok(Summary::new(&claims, folder, now))
}

/// The identities of a demo, and the folders they were saved in.
#[derive(Debug)]
pub struct DemoIdentities {
    /// The simulated cart's.
    pub cart: Identity,
    /// Where the cart's is saved, for a cart that runs as a process of its own.
    pub cart_folder: PathBuf,
    /// The operator's.
    pub operator: Identity,
    /// Where the operator's is saved.
    pub operator_folder: PathBuf,
}

/// Makes fresh demo identities in `folder`: a demo authority, whose key is thrown away at once, and a cart and an operator
/// under it, in the subfolders `cart` and `operator`. Whatever demo identities were there are replaced.
pub fn create_demo(folder: &Path, now: SystemTime) -> Result<DemoIdentities, IdentityError> {
    let validity = Validity::days(now, DEMO_DAYS)?;
    let authority = Authority::create("Farprobe demo", validity, Purpose::Demo)?;
    let make = |role: Role, name: &str| {
        let folder = folder.join(role.name());
        if let Ok((_, there)) = store::read_certificate(&folder.join(CERTIFICATE_FILE))
            && there.purpose == Purpose::Real
        {
            return Err(IdentityError::Exists { path: folder });
        }
        let identity = authority.issue(role, name, validity)?;
        identity.save(&folder, Overwrite::Replace)?;
        Ok((identity, folder))
    };
    let (cart, cart_folder) = make(Role::Cart, "demo cart")?;
    let (operator, operator_folder) = make(Role::Operator, "demo operator")?;
    Ok(DemoIdentities { cart, cart_folder, operator, operator_folder })
}
