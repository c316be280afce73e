//! What consoles may do to a cart over real sockets, and what they may not.

mod support;

use farprobe_proto::{
    CartMessage, Cause, ConsoleDatagram, ConsoleMessage, Epoch, Ladder, LeaseRefusal, LeaseStatus, PROTOCOL_VERSION,
    Refusal, RefusedCommands, Role, ScannerError, ScannerReply, ScannerRequest, StopNotice, Wire,
};
use farprobe_transport::identity::Role as CertifiedRole;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use support::{RawConsole, Site, soon};

fn refusal(message: &CartMessage) -> Option<Refusal> {
    match message {
        CartMessage::Refused(refusal) => Some(refusal.clone()),
        _ => None,
    }
}

fn lease_refusal(message: &CartMessage) -> Option<LeaseRefusal> {
    match message {
        CartMessage::Lease(LeaseStatus::Refused(refusal)) => Some(*refusal),
        _ => None,
    }
}

#[tokio::test]
async fn a_console_drives_turns_the_scanner_and_gets_its_report() {
    let site = Site::open();
    let mut console = site.connect(CertifiedRole::Operator, "a").await;
    let welcome = console.hello(Role::Operator, PROTOCOL_VERSION).await;
    assert!(welcome.simulated_arm && welcome.demo);
    assert_eq!(welcome.cart, "test cart");

    let epoch = console.lease().await;
    for sequence in 1..=50 {
        console.command(epoch, sequence);
        console.next_state().await;
    }
    let state = console.state("an echo", |state| state.echo.is_some_and(|echo| echo.sequence == 50)).await;
    assert_eq!(state.epoch, Some(epoch));

    let mut settings = welcome.scanner.settings;
    settings.gain_db += 3.0;
    console.say(&ConsoleMessage::Scanner(ScannerRequest { number: 7, settings })).await;
    let reply = console
        .hear("the scanner's echo", |message| match message {
            CartMessage::Scanner(reply) if reply.number == Some(7) => Some(ScannerReply::clone(reply)),
            _ => None,
        })
        .await;
    assert_eq!((reply.result, reply.state.settings.gain_db), (Ok(()), settings.gain_db));

    let report = console.report().await;
    assert!(report.commands_applied > 0, "{report:?}");
    assert_eq!((report.stale_applied, report.refused.malformed, report.refused.epoch), (0, 0, 0));
    assert!(report.rt_loop.ticks > 0);
    site.cart.stop().await.unwrap();
    soon("the cart's goodbye", console.connection.closed()).await;
}

#[tokio::test]
async fn roles_beyond_the_certificate_are_refused() {
    let site = Site::open();
    let mut climber = site.connect(CertifiedRole::Observer, "climber").await;
    climber.say_hello(Role::Operator, PROTOCOL_VERSION).await;
    assert_eq!(climber.hear("a refusal", refusal).await, Refusal::Role { certified: Role::Observer });
    soon("the end", climber.connection.closed()).await;

    let mut rude = site.connect(CertifiedRole::Operator, "rude").await;
    rude.say(&ConsoleMessage::RequestLease).await;
    assert_eq!(rude.hear("a refusal", refusal).await, Refusal::HelloExpected);
    soon("the end", rude.connection.closed()).await;

    let mut old = site.connect(CertifiedRole::Operator, "old").await;
    assert_eq!(old.hello(Role::Operator, PROTOCOL_VERSION + 1).await.role, Role::Observer);
    old.say(&ConsoleMessage::RequestLease).await;
    assert_eq!(old.hear("a refusal", lease_refusal).await, LeaseRefusal::Version);

    let mut observer = site.console(CertifiedRole::Observer, "observer").await;
    observer.say(&ConsoleMessage::RequestLease).await;
    assert_eq!(observer.hear("a refusal", lease_refusal).await, LeaseRefusal::Role);
    site.cart.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_console_cannot_drive_and_an_observer_can_stop() {
    let site = Site::open();
    let mut driver = site.console(CertifiedRole::Operator, "driver").await;
    let epoch = driver.lease().await;
    let mut second = site.console(CertifiedRole::Operator, "second").await;
    second.say(&ConsoleMessage::RequestLease).await;
    assert_eq!(second.hear("a refusal", lease_refusal).await, LeaseRefusal::Held);
    // With the driver's own epoch, which every state tells.
    for sequence in 1..=50 {
        second.command(epoch, sequence);
        second.next_state().await;
    }
    second.state("its echo", |state| state.echo.is_some_and(|echo| echo.sequence == 50)).await;
    // The same commands from the driver are taken: not even their numbers were spent.
    for sequence in 1..=50 {
        driver.command(epoch, sequence);
        driver.next_state().await;
    }
    driver.state("an applied command", |state| state.applied.is_some()).await;
    driver.command(Epoch(epoch.0 + 1), 51);
    driver.state("its echo", |state| state.echo.is_some_and(|echo| echo.sequence == 51)).await;
    // The report is a tenth of a second behind.
    let report = soon("the refused command", async {
        loop {
            let report = driver.report().await;
            if report.refused.epoch > 0 {
                return report;
            }
        }
    })
    .await;
    assert_eq!((report.refused.epoch, report.refused.old), (1, 0), "{report:?}");
    assert!((1..=50).contains(&report.commands_applied), "{report:?}");
    // Each has its own figures.
    let seconds = second.report().await;
    assert_eq!((seconds.commands_applied, seconds.refused), (0, RefusedCommands::default()), "{seconds:?}");
    // Asked later: a report grows by a hundred ticks at once, and the driver is here for longer by fewer.
    let drivers = driver.report().await;
    assert!(seconds.rt_loop.ticks > 0 && seconds.rt_loop.ticks < drivers.rt_loop.ticks, "{seconds:?}, {drivers:?}");

    let mut observer = site.console(CertifiedRole::Observer, "observer").await;
    observer.say(&ConsoleMessage::Stop(StopNotice { number: 1 })).await;
    let state = driver.state("the stop", |state| state.ladder == Ladder::EStop).await;
    assert_eq!((state.cause, state.origin), (Cause::OperatorStop, Cause::OperatorStop));
    let step = |message: &CartMessage| match message {
        CartMessage::Step(step) if step.to == Ladder::EStop => Some(*step),
        _ => None,
    };
    assert_eq!(second.hear("the step", step).await.cause, Cause::OperatorStop);
    site.cart.stop().await.unwrap();
}

/// Asks for a picture that stands still or runs, and gives the cart's answer and how the scanner is then.
async fn freeze(console: &mut RawConsole, number: u32, frozen: bool) -> (Result<(), ScannerError>, bool) {
    let settings = farprobe_proto::ScannerSettings {
        depth: farprobe_geom::Metre::literal(0.1),
        gain_db: 0.0,
        tgc_db: [0.0; farprobe_proto::TGC_BANDS],
        focus: farprobe_geom::Metre::literal(0.05),
        dynamic_range_db: 60.0,
        frozen,
    };
    console.say(&ConsoleMessage::Scanner(ScannerRequest { number, settings })).await;
    console
        .hear("the scanner's answer", |message| match message {
            CartMessage::Scanner(reply) if reply.number == Some(number) => {
                Some((reply.result, reply.state.settings.frozen))
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn whoever_drives_sets_the_scanner_and_nobody_freezes_the_picture_under_their_hand() {
    let site = Site::open();
    let mut driver = site.console(CertifiedRole::Operator, "driver").await;
    let mut second = site.console(CertifiedRole::Operator, "second").await;
    let mut observer = site.console(CertifiedRole::Observer, "observer").await;
    // Nobody drives: any operator may set the picture up, and an observer may not.
    assert_eq!(freeze(&mut second, 1, true).await, (Ok(()), true));
    assert_eq!(freeze(&mut driver, 1, false).await, (Ok(()), false));
    assert_eq!(freeze(&mut observer, 1, true).await, (Err(ScannerError::NotAnOperator), false));
    // Somebody does.
    driver.lease().await;
    assert_eq!(freeze(&mut second, 2, true).await, (Err(ScannerError::NotTheDriver), false));
    assert_eq!(freeze(&mut driver, 2, true).await, (Ok(()), true));
    assert_eq!(freeze(&mut second, 3, false).await, (Err(ScannerError::NotTheDriver), true));
    // And no longer does.
    driver.say(&ConsoleMessage::ReleaseLease).await;
    let free = |message: &CartMessage| matches!(message, CartMessage::Lease(LeaseStatus::Free)).then_some(());
    driver.hear("the free lease", free).await;
    assert_eq!(freeze(&mut second, 4, false).await, (Ok(()), false));
    site.cart.stop().await.unwrap();
}

#[tokio::test]
async fn garbage_is_counted_and_disturbs_nobody() {
    const DATAGRAMS: u64 = 10_000;
    // As many as the receiving side keeps unread.
    const AT_ONCE: u64 = 20;
    const LONGEST: u32 = 160;
    let site = Site::open();
    let mut driver = site.console(CertifiedRole::Operator, "driver").await;
    let epoch = driver.lease().await;
    let mut vandal = site.console(CertifiedRole::Operator, "vandal").await;

    let mut random = Pcg64::seed_from_u64(7);
    let mut sent = 0;
    let mut vandals = vandal.report().await;
    let mut sequence = 0;
    while sent < DATAGRAMS {
        for _ in 0..AT_ONCE {
            let mut bytes = vec![0; (random.next_u32() % LONGEST) as usize];
            random.fill_bytes(&mut bytes);
            // Chance may write a message; those are not garbage.
            if ConsoleDatagram::decode(&bytes).is_err() {
                vandal.connection.send_datagram(bytes).unwrap();
                sent += 1;
            }
        }
        // The answer comes after what was sent before, or nearly: it keeps the queues short.
        vandals = vandal.report().await;
        sequence += 1;
        driver.command(epoch, sequence);
    }

    // A frame that is no message, and a frame that ends in the middle: each ends its own connection.
    let mut babbler = site.console(CertifiedRole::Operator, "babbler").await;
    babbler.out.send(&[0xff; 64]).await.unwrap();
    soon("the end of the babbler", babbler.connection.closed()).await;
    let mut mute = site.connect(CertifiedRole::Operator, "mute").await;
    mute.out.send(&[0xff; 3]).await.unwrap();
    soon("the end of the mute", mute.connection.closed()).await;

    sequence += 1;
    driver.command(epoch, sequence);
    driver.state("the driver's echo", |state| state.echo.is_some_and(|echo| echo.sequence == sequence)).await;
    let report = driver.report().await;
    // Datagrams may be lost even here; what is counted must be they, and counted for whoever sent them.
    let malformed = vandals.refused.malformed;
    assert!((DATAGRAMS * 99 / 100..=sent).contains(&malformed), "{malformed} of {sent}");
    assert_eq!((report.refused.malformed, vandals.commands_applied), (0, 0));
    assert!(driver.next_state().await.epoch == Some(epoch));
    assert!(!matches!(driver.next_state().await.ladder, Ladder::EStop | Ladder::Fault), "both are latched");
    site.cart.stop().await.unwrap();
}
