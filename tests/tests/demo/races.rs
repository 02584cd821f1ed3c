//! Requests at the same time, and clients that do not wait.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::process::Demo;

#[test]
fn forty_parallel_visits_count_forty() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    assert_eq!(browser.home().visits, 1);
    thread::scope(|scope| {
        for mut tab in vec![browser.clone(); 40] {
            scope.spawn(move || tab.home());
        }
    });
    assert_eq!(browser.home().visits, 42);
}

#[test]
fn a_request_that_still_runs_does_not_bring_back_a_session_that_was_signed_out() {
    let demo = Demo::start();
    for _ in 0..20 {
        let browser = Browser::signed_in(&demo, "ada");
        let csrf = browser.clone().home().csrf;
        let sign_out = browser.request("POST", "/sign-out").form(&[("csrf", &csrf)]);
        thread::scope(|scope| {
            let late = vec![browser.clone(); 6].into_iter().map(|mut tab| {
                scope.spawn(move || {
                    tab.home();
                    tab
                })
            });
            let late: Vec<_> = late.collect();
            scope.spawn(|| sign_out.send(demo.port()).expect(303));
            for tab in late {
                let mut tab = tab.join().unwrap();
                // It may have been given a new session, but none of Ada's.
                if tab.cookie != browser.cookie {
                    assert_eq!(tab.home().user, None);
                }
            }
        });
        browser.assert_is_dead();
    }
    let mut browser = Browser::signed_in(&demo, "ada");
    assert_eq!(browser.devices().len(), 1);
}

#[test]
fn a_client_that_hangs_up_after_posting_is_signed_out() {
    let demo = Demo::start();
    for path in ["/sign-out", "/sign-out-everywhere"] {
        for hang_up in [close, close_one_half, close_with_an_answer_unread] {
            let browser = Browser::signed_in(&demo, "ada");
            let csrf = browser.clone().home().csrf;
            let sign_out = browser.request("POST", path).form(&[("csrf", &csrf)]).to_bytes();
            let mut stream = TcpStream::connect(("127.0.0.1", demo.port())).unwrap();
            hang_up(&mut stream, &sign_out);
            drop(stream);
            assert_ends_soon(&browser);
        }
    }
}

fn close(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
}

/// As a client that has nothing more to say; it does get its answer.
fn close_one_half(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
}

/// The system then resets the connection instead of closing it.
fn close_with_an_answer_unread(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(b"GET /style.css HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    stream.peek(&mut [0]).unwrap();
    stream.write_all(request).unwrap();
    // The server has to read the form before the reset: what a reset overtakes may be lost.
    thread::sleep(Duration::from_millis(100));
}

fn assert_ends_soon(browser: &Browser) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while browser.clone().home().user.is_some() {
        assert!(Instant::now() < deadline, "still signed in");
        thread::sleep(Duration::from_millis(20));
    }
    browser.assert_is_dead();
}
