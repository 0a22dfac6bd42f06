// An SMSC for the tests: the independent SMPP implementation of npm's "smpp" (MIT).
//
//   node smsc.js '{"journal": "/tmp/x/journal.jsonl", ...}'
//
// Prints {"port": N} once it listens. Everything it takes or is told is written to the journal, one JSON
// object a line, before it is answered: what stands there was received, whatever became of the answer.
//
//   password   the only one accepted (default "pw")
//   tps        submissions a second before ESME_RTHROTTLED (or "full": true for ESME_RMSGQFUL); 0 for no limit
//   receipt    {"stat": "DELIVRD", "err": "000", "delay": ms, "byReference": true} for wanted delivery reports
//   refuse     {"380...": status} by destination
//   failing    {"380...": "UNDELIV"} by destination: stat of its report
//   answerDelay ms before a submission is answered
//   muteAfter  from this submission on, take but do not answer
//   dieAfter   take this many submissions, then kill this process at once, without an answer to the last ones
//   tls        {"key": file, "cert": file} to speak TLS
//   hexIds     ids in hexadecimal in answers and in decimal in reports
//
// A line on standard input {"inbound": {"from", "to", "text", "coding", "udh"}} delivers a text from a person;
// {"enquire": true} asks every session whether it lives; {"drop": true} cuts every connection.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const options = JSON.parse(process.argv[2] || '{}');
const journal = options.journal ? fs.openSync(options.journal, 'a') : null;
const sessions = new Set();
let taken = 0;
let thisSecond = 0;

function note(entry) {
  if (journal !== null) fs.writeSync(journal, JSON.stringify(entry) + '\n');
}

function deliver(session, pdu, name) {
  session.deliver_sm(pdu, (answer) => note({ acknowledged: name, status: answer.command_status }));
}

function report(session, submission, id) {
  const number = submission.destination_addr;
  const stat = (options.failing || {})[number] || options.receipt.stat || 'DELIVRD';
  const err = stat === 'DELIVRD' ? '000' : options.receipt.err || '001';
  const written = options.hexIds ? String(parseInt(id, 16)) : id;
  const pdu = {
    esm_class: 4,
    source_addr: number,
    destination_addr: submission.source_addr,
    short_message: `id:${written} sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 ` +
      `stat:${stat} err:${err} text:`,
  };
  if (options.receipt.byReference) pdu.user_message_reference = submission.user_message_reference;
  deliver(session, pdu, `report ${written}`);
}

function refusal(submission) {
  const own = (options.refuse || {})[submission.destination_addr];
  if (own) return own;
  if (options.tps && ++thisSecond > options.tps) return options.full ? smpp.ESME_RMSGQFUL : smpp.ESME_RTHROTTLED;
  return 0;
}

function submitted(session, submission) {
  const status = refusal(submission);
  if (status) {
    note({ refused: submission.destination_addr, status });
    session.send(submission.response({ command_status: status }));
    return;
  }
  taken += 1;
  const id = options.hexIds ? (0xa0000 + taken).toString(16) : `m${taken}`;
  const text = submission.short_message;
  note({
    id,
    to: submission.destination_addr,
    from: submission.source_addr,
    reference: submission.user_message_reference,
    coding: submission.data_coding,
    esm: submission.esm_class,
    header: text.udh ? [].concat(text.udh).map((part) => part.toString('hex')).join('') : '',
    text: String(text.message),
    registered: submission.registered_delivery,
  });
  if (options.dieAfter && taken >= options.dieAfter) process.kill(process.pid, 'SIGKILL');
  const isMute = options.muteAfter && taken >= options.muteAfter;
  const answer = () => session.send(submission.response({ message_id: id }));
  if (!isMute) options.answerDelay ? setTimeout(answer, options.answerDelay) : answer();
  if (options.receipt && submission.registered_delivery & 1) {
    setTimeout(() => report([...sessions].pop() || session, submission, id), options.receipt.delay || 0);
  }
}

function bound(session, request) {
  if (request.password !== (options.password || 'pw')) {
    session.send(request.response({ command_status: smpp.ESME_RINVPASWD }));
    session.close();
    return;
  }
  note({ bound: request.system_id });
  sessions.add(session);
  session.send(request.response({ system_id: 'SMSC' }));
}

const secrets = options.tls
  ? { key: fs.readFileSync(options.tls.key), cert: fs.readFileSync(options.tls.cert) }
  : {};
const server = smpp.createServer(secrets, (session) => {
  session.on('error', () => {});
  session.on('close', () => sessions.delete(session));
  session.on('bind_transceiver', (request) => bound(session, request));
  session.on('submit_sm', (submission) => submitted(session, submission));
  session.on('enquire_link', (request) => { note({ enquired: true }); session.send(request.response()); });
  session.on('enquire_link_resp', () => note({ alive: true }));
  session.on('unbind', (request) => {
    note({ unbound: true });
    session.send(request.response());
    session.close();
  });
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  for (const session of sessions) {
    if (order.inbound) {
      const { from, to, text, coding, udh } = order.inbound;
      const message = udh ? { udh: Buffer.from(udh, 'hex'), message: text } : text;
      const esm = udh ? 0x40 : 0;
      const pdu = { source_addr: from, destination_addr: to, data_coding: coding, esm_class: esm, short_message: message };
      deliver(session, pdu, text);
    }
    if (order.enquire) session.enquire_link();
    if (order.drop) session.destroy();
  }
}).on('close', () => process.exit(0));

if (options.tps) setInterval(() => { thisSecond = 0; }, 1000);
server.listen(options.port || 0, '127.0.0.1', () => {
  process.stdout.write(JSON.stringify({ port: server.address().port }) + '\n');
});
