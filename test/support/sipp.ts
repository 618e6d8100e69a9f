import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Phones made by sipp, over UDP. Each says what a scenario says, and fails when it is answered anything else. `[field0]`
 * and so on are the columns of a line; `,` and `;` cannot stand in one.
 */

const send = (lines: string, retransmits = true) =>
  `<send${retransmits ? ' retrans="500"' : ''}><![CDATA[\n${lines.trim()}\n\n]]></send>`

const scenario = (name: string, ...steps: readonly string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="${name}">\n${steps.join('\n')}\n</scenario>\n`

const registering = (cseq: number, credentials = '') => `
REGISTER sip:[field1] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[field0]@[field1]>;tag=[call_number]
To: <sip:[field0]@[field1]>
Call-ID: [call_id]
CSeq: ${cseq} REGISTER
Contact: <sip:phone@[local_ip]:[local_port]>
Expires: 300
${credentials}Content-Length: 0`

const CREDENTIALS = '[field2]\n'
const SILENCE = 'timeout="700" ontimeout="1"'
const refusal = (status: number) => `<recv response="${status}" optional="true" next="1" ${SILENCE}/>`

const SCENARIOS = {
  /** Registers. */
  register: scenario(
    'register',
    send(registering(1)),
    '<recv response="401" auth="true"/>',
    send(registering(2, CREDENTIALS)),
    '<recv response="200"/>',
  ),
  /** Is asked for a password once more. */
  refused: scenario(
    'refused',
    send(registering(1)),
    '<recv response="401" auth="true"/>',
    send(registering(2, CREDENTIALS)),
    '<recv response="401"/>',
  ),
  /** Is refused, whenever that may be, or not answered at all. */
  hostile: scenario(
    'hostile',
    send(registering(1)),
    refusal(400),
    refusal(403),
    `<recv response="401" auth="true" ${SILENCE}/>`,
    send(registering(2, CREDENTIALS)),
    refusal(400),
    refusal(403),
    `<recv response="401" ${SILENCE}/>`,
    '<label id="1"/>',
    '<nop/>',
  ),
  answer: scenario(
    'answer',
    '<recv request="INVITE" rrs="true"/>',
    ...['180 Ringing', '200 OK'].map((status) =>
      send(
        `
SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]answer[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:phone@[local_ip]:[local_port]>
Content-Length: 0`,
        status.startsWith('200'),
      ),
    ),
    '<recv request="ACK"/>',
    '<recv request="BYE"/>',
    send(
      `
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0`,
      false,
    ),
  ),
} as const

const inviting = (cseq: number, credentials: string) => `
INVITE sip:[field3] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[field0]@[field1]>;tag=[call_number]
To: <sip:[field3]>
Call-ID: [call_id]
CSeq: ${cseq} INVITE
Contact: <sip:[field0]@[local_ip]:[local_port]>
${credentials}Content-Length: 0`

const acknowledging = (cseq: number, more: string) => `
ACK ${more}
From: <sip:[field0]@[field1]>;tag=[call_number]
To: <sip:[field3]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${cseq} ACK
Max-Forwards: 70
Content-Length: 0`
const VIA = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]'

/** Calls the address in `[field3]`, and is answered with this. */
const calling = (status: number) =>
  scenario(
    'call',
    send(inviting(1, '')),
    '<recv response="407" auth="true"/>',
    send(acknowledging(1, `sip:[field3] SIP/2.0\n${VIA}`), false),
    send(inviting(2, CREDENTIALS)),
    '<recv response="100" optional="true"/>',
    '<recv response="180" optional="true"/>',
    `<recv response="${status}"${status === 200 ? ' rrs="true"' : ''}/>`,
    ...(status === 200
      ? [
          send(acknowledging(2, `[next_url] SIP/2.0\n${VIA}\n[routes]`), false),
          send(`
BYE [next_url] SIP/2.0
${VIA}
[routes]
From: <sip:[field0]@[field1]>;tag=[call_number]
To: <sip:[field3]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 3 BYE
Max-Forwards: 70
Content-Length: 0`),
          '<recv response="200"/>',
        ]
      : [send(acknowledging(2, `sip:[field3] SIP/2.0\n${VIA}`), false)]),
  )

export interface Phone {
  readonly user: string
  readonly domain: string
  readonly password: string
  /** As whom it signs in, where that is not `user`; sipp takes neither blanks nor quotes there, nor much. */
  readonly signsInAs?: string
}

const line = ({ user, domain, password, signsInAs }: Phone, more: readonly string[] = []) =>
  [user, domain, `[authentication username=${signsInAs ?? user} password=${password}]`, ...more].join(';')

/** Phones that know one SIP server on the loopback interface. */
export const sipp = (server: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-sipp-'))
  let runs = 0
  /** What sipp says when it has failed; null: everything went as the scenario says. */
  const run = async (text: string, lines: readonly string[], port: number): Promise<string | null> => {
    runs += 1
    const [file, fields] = [join(folder, `${runs}.xml`), join(folder, `${runs}.csv`)]
    writeFileSync(file, text)
    writeFileSync(fields, `SEQUENTIAL\n${lines.join('\n')}\n`)
    const count = String(Math.max(lines.length, 1))
    const options = [
      '-sf',
      file,
      ...(lines.length === 0 ? [] : ['-inf', fields]),
      '-i',
      '127.0.0.1',
      '-p',
      String(port),
      '-m',
      count,
      '-l',
      '20',
    ]
    const limits = ['-timeout', '15s', '-timeout_error', '-recv_timeout', '8000', '-nostdin', '-trace_err']
    const child = Bun.spawn(['sipp', ...options, ...limits, `127.0.0.1:${server}`], {
      cwd: folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...process.env, TERM: 'dumb' },
    })
    const texts = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    const code = await child.exited
    if (code === 0) return null
    const files = await Array.fromAsync(new Bun.Glob(`*_errors.log`).scan(folder))
    const errors = await Promise.all(files.map((name) => Bun.file(join(folder, name)).text()))
    return `sipp ended with ${code}:\n${errors.join('\n')}\n${(await texts)[1]}`
  }
  return {
    register: (phone: Phone, port: number) => run(SCENARIOS.register, [line(phone)], port),
    refused: (phones: readonly Phone[], port: number) =>
      run(
        SCENARIOS.refused,
        phones.map((one) => line(one)),
        port,
      ),
    hostile: (phones: readonly Phone[], port: number) =>
      run(
        SCENARIOS.hostile,
        phones.map((one) => line(one)),
        port,
      ),
    /** Waits for one call. */
    answer: (port: number) => run(SCENARIOS.answer, [], port),
    call: (phone: Phone, called: string, port: number, status = 200) =>
      run(calling(status), [line(phone, [called])], port),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
