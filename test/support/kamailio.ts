import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { hasProgram } from './executable.ts'
import { freePort } from './postgres.ts'

const MODULES = ['pv', 'sl', 'textops', 'http_client', 'json']

/** Whether Kamailio and the modules of it that Debian packs apart are here; as `hasProgram`. */
export const hasKamailio = (modules: readonly string[] = MODULES): boolean => {
  if (!hasProgram('kamailio')) return false
  const has = (name: string) => [...new Bun.Glob(`*/kamailio/modules/${name}.so`).scanSync('/usr/lib')].length > 0
  const missing = modules.filter((name) => !has(name))
  if (missing.length === 0) return true
  if (process.env.CI === 'true') throw new Error(`Kamailio has no ${missing}; CI installs it`)
  process.stdout.write(`skipped: Kamailio has no ${missing}\n`)
  return false
}

/**
 * What a proxy does with a call: it asks whom it is for, and sends it where the first rule says, which it takes for all
 * calls only if it is called `always`. Whatever else it is told, the call goes where it was meant to. Everything goes to
 * one phone, which sees the address that was called.
 */
const configuration = (ports: { own: number; phone: number }, base: string, key: string): string => `#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:${ports.own}
${MODULES.map((name) => `loadmodule "${name}.so"`).join('\n')}
request_route {
  if (method == "OPTIONS") { sl_send_reply("200", "OK"); exit; }
  if (method != "INVITE") exit;
  $var(status) = http_client_query("${base}/api/resolve/$rU@$rd", "", "x-api-key: ${key}", "$var(found)");
  if ($var(status) == 200) {
    json_get_field("$var(found)", "payload", "$var(payload)");
    json_get_field("$var(payload)", "call_forwardings", "$var(rules)");
    $var(rule) = $(var(rules){re.subst,/^\\[ *(.*) *\\]$/\\1/});
    json_get_string("$var(rule)", "type", "$var(type)");
    json_get_field("$var(rule)", "enabled", "$var(enabled)");
    json_get_string("$var(rule)", "forward_to", "$var(to)");
    if ($var(type) == "always" && $var(enabled) == "true") {
      if ($var(to) == "contact") json_get_string("$var(rule)", "contact_sip_uri", "$ru");
      if ($var(to) == "sip_uri") json_get_string("$var(rule)", "sip_uri", "$ru");
    }
  }
  $du = "sip:127.0.0.1:${ports.phone}";
  forward();
}
`

const header = (message: string, name: string): string =>
  new RegExp(`^${name}[ \\t]*:.*$`, 'im').exec(message)?.[0].trim() ?? ''

const request = (method: string, uri: string, port: number, id: string): string =>
  [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${id}`,
    'Max-Forwards: 70',
    `From: <sip:caller@elsewhere.example>;tag=${id}`,
    `To: <${uri}>`,
    `Call-ID: ${id}@127.0.0.1`,
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')

/** A real Kamailio on the loopback interface, whose calls are resolved at `base`. */
export const startKamailio = async (base: string, key: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-kamailio-'))
  const own = await freePort()
  /** By `Call-ID`: the address that the phone at the end was called by, and the status that the caller heard. */
  const called = new Map<string, string>()
  const heard = new Map<string, string>()
  const idOf = (message: string) => header(message, 'Call-ID')
  const phone = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data: (socket, bytes, port, address) => {
        const message = bytes.toString()
        called.set(idOf(message), message.split(' ')[1] ?? '')
        const vias = message.split('\r\n').filter((line) => /^Via:/i.test(line))
        const copied = ['From', 'To', 'Call-ID', 'CSeq'].map((name) => header(message, name))
        socket.send(['SIP/2.0 200 OK', ...vias, ...copied, 'Content-Length: 0', '', ''].join('\r\n'), port, address)
      },
    },
  })
  const caller = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data: (_, bytes) => void heard.set(idOf(bytes.toString()), bytes.toString().split(' ')[1] ?? ''),
      // Nobody listens yet.
      error: () => {},
    },
  })
  const file = join(folder, 'kamailio.cfg')
  writeFileSync(file, configuration({ own, phone: phone.port }, base, key))
  const command = ['kamailio', '-f', file, '-DD', '-E', '-m', '16', '-Y', folder, '-P', join(folder, 'pid')]
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const output = new Response(child.stderr).text()

  let calls = 0
  /** Asks once more until somebody answers, as a phone does: datagrams may be lost, also before Kamailio listens. */
  const send = async (method: string, uri: string) => {
    calls += 1
    const id = `call${calls}`
    const name = `Call-ID: ${id}@127.0.0.1`
    await eventually(
      async () => {
        caller.send(request(method, uri, caller.port, id), own, '127.0.0.1')
        for (let wait = 0; wait < 100 && !heard.has(name); wait++) await Bun.sleep(5)
        return heard.has(name)
      },
      () => `Kamailio says nothing about ${uri}.`,
    )
    return { status: heard.get(name) ?? '', called: called.get(name) ?? null }
  }
  const ended = child.exited.then(async () => {
    throw new Error(`Kamailio ended: ${await output}`)
  })
  await Promise.race([send('OPTIONS', `sip:127.0.0.1:${own}`), ended])

  return {
    /** Whom a call to the address reached. */
    call: async (uri: string) => {
      const { status, called } = await send('INVITE', uri)
      return status === '200' ? called : status
    },
    stop: async () => {
      child.kill('SIGTERM')
      await child.exited
      phone.close()
      caller.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
