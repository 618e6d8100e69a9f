import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, type Running, serve, sipkeeper } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'

// What `config:nginx`, `config:caddy` and `config:haproxy` print, in the real programs, run by nobody.

const LIMIT = 134_217_728 + 1_048_576
const NOBODY = 65_534

/** A command line that gives root's rights away, where we have them. */
const asNobody = (command: readonly string[]): string[] =>
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--', ...command]
    : [...command]

const curl = (...args: readonly string[]): Promise<string> =>
  new Response(Bun.spawn(['curl', '-sk', ...args], { stdout: 'pipe', stderr: 'ignore' }).stdout).text()

interface Ports {
  readonly https: number
  readonly http: number
  readonly admin: number
}

/** How each is checked and started on what was printed. */
const PROXIES = {
  nginx: {
    file: 'site.conf',
    certificate: (at: string) => ['--certificate', `${at}/cert.pem`, '--key', `${at}/key.pem`],
    check: (at: string) => ['nginx', '-t', '-p', at, '-e', 'stderr', '-c', `${at}/nginx.conf`],
    run: (at: string) => ['nginx', '-p', at, '-e', 'stderr', '-c', `${at}/nginx.conf`],
    /** What the distribution's own file has around a site. */
    around: (at: string) =>
      writeFileSync(
        join(at, 'nginx.conf'),
        `daemon off; worker_processes 1; pid ${at}/nginx.pid; error_log stderr;
events {}
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${at}/tmp_${kind};`).join('\n')}
  include ${at}/site.conf;
}
`,
      ),
  },
  caddy: {
    file: 'Caddyfile',
    certificate: (at: string) => ['--certificate', `${at}/cert.pem`, '--key', `${at}/key.pem`],
    check: (at: string) => ['caddy', 'validate', '--adapter', 'caddyfile', '--config', `${at}/Caddyfile`],
    run: (at: string) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', `${at}/Caddyfile`],
    around: () => {},
  },
  haproxy: {
    file: 'haproxy.cfg',
    certificate: (at: string) => ['--certificate', `${at}/both.pem`],
    check: (at: string) => ['haproxy', '-c', '-f', `${at}/haproxy.cfg`],
    run: (at: string) => ['haproxy', '-db', '-f', `${at}/haproxy.cfg`],
    around: () => {},
  },
} as const

const missing = ['openssl', 'curl', ...Object.keys(PROXIES)].filter((name) => !hasProgram(name))

describe.skipIf(missing.length > 0)('a proxy in front', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-front-'))
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  /** Between the proxy and the server: sees what the proxy sends on, and while it sends it. */
  let relay: ReturnType<typeof Bun.serve>
  let heard: Headers[] = []
  /** How many bytes of a body have come so far. */
  let received = 0
  let goOn: () => void = () => {}

  beforeAll(async () => {
    chmodSync(folder, 0o755)
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert]
    const made = Bun.spawnSync(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names])
    expect(made.exitCode).toBe(0)
    writeFileSync(join(folder, 'both.pem'), (await Bun.file(cert).text()) + (await Bun.file(key).text()))
    for (const name of ['cert.pem', 'key.pem', 'both.pem']) chmodSync(join(folder, name), 0o644)
    place = await prepared({ TRUSTED_PROXIES: '127.0.0.1/32' })
    running = await serve(place)
    relay = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      maxRequestBodySize: 1024 ** 3,
      idleTimeout: 60,
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url)
        heard.push(request.headers)
        if (pathname === '/relay/swallow') {
          for await (const part of request.body ?? []) received += part.length
          return new Response(String(received))
        }
        if (pathname === '/relay/stream') {
          const text = new TextEncoder()
          const stream = new ReadableStream({
            start: (controller) => {
              controller.enqueue(text.encode('begun\n'))
              goOn = () => {
                controller.enqueue(text.encode('ended\n'))
                controller.close()
              }
            },
          })
          return new Response(stream)
        }
        return fetch(`http://127.0.0.1:${running.port}${pathname}${search}`, {
          method: request.method,
          headers: request.headers,
          body: request.body,
          redirect: 'manual',
          decompress: false,
        })
      },
    })
  }, 60_000)
  afterAll(async () => {
    await relay?.stop(true)
    await running?.stop()
    await place?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Prints, checks and starts it. */
  const start = async (name: keyof typeof PROXIES) => {
    const proxy = PROXIES[name]
    const at = join(folder, name)
    mkdirSync(at, { mode: 0o777 })
    chmodSync(at, 0o777)
    for (const file of ['cert.pem', 'key.pem', 'both.pem']) {
      writeFileSync(join(at, file), await Bun.file(join(folder, file)).text(), { mode: 0o644 })
    }
    const ports: Ports = { https: await freePort(), http: await freePort(), admin: await freePort() }
    const where = ['--listen', '127.0.0.1', '--https-port', String(ports.https), '--http-port', String(ports.http)]
    const env = { ...place.env, LISTEN: `127.0.0.1:${relay.port}`, PUBLIC_PORT: String(ports.https) }
    const printed = await sipkeeper([`config:${name}`, ...where, ...proxy.certificate(at)], env)
    expect([printed.code, printed.stderr]).toEqual([0, ''])
    writeFileSync(join(at, proxy.file), printed.stdout)
    proxy.around(at)
    const home = { PATH: process.env.PATH ?? '', HOME: at, XDG_DATA_HOME: at, XDG_CONFIG_HOME: at }
    const options = { env: { ...home, CADDY_ADMIN: `127.0.0.1:${ports.admin}` }, cwd: at }
    const checked = Bun.spawnSync(asNobody(proxy.check(at)), options)
    expect([checked.exitCode, checked.stderr.toString()]).toEqual([0, expect.any(String)])
    const child = Bun.spawn(asNobody(proxy.run(at)), { ...options, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
    const output = new Response(child.stderr).text()
    const base = `https://localhost:${ports.https}`
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${await output}`)
        return fetch(`${base}/api/ping`, { tls: { rejectUnauthorized: false } }).then(
          ({ status }) => status === 200,
          () => false,
        )
      },
      () => `${name} does not answer.`,
    )
    return {
      ports,
      base,
      stop: async () => {
        child.kill('SIGTERM')
        const killer = setTimeout(() => child.kill('SIGKILL'), 3000)
        await child.exited
        clearTimeout(killer)
      },
    }
  }

  for (const name of Object.keys(PROXIES) as (keyof typeof PROXIES)[]) {
    test(`${name} passes on who asks for what, and nothing that a client says of it`, async () => {
      const { base, ports, stop } = await start(name)
      try {
        const ask = (path: string, init: RequestInit = {}) =>
          fetch(base + path, { ...init, tls: { rejectUnauthorized: false }, redirect: 'manual' } as RequestInit)
        const api = (path: string, body?: object) =>
          ask(`/api${path}`, {
            method: body === undefined ? 'GET' : 'POST',
            headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          })

        // Plain HTTP leads to HTTPS.
        const plain = await fetch(`http://localhost:${ports.http}/login?a=b`, { redirect: 'manual' })
        expect([plain.status, plain.headers.get('location')]).toEqual([308, `${base}/login?a=b`])

        // A client lies about everything, from an address that is no proxy's.
        heard = []
        const lies = {
          'X-Forwarded-For': '203.0.113.9',
          'X-Forwarded-Proto': 'http',
          'X-Forwarded-Host': 'evil.example.org',
          'X-Forwarded-Port': '1',
          Forwarded: 'for=203.0.113.10;host=evil.example.org;proto=http',
          'X-SSL-Client-Verify': 'SUCCESS',
          'X-SSL-Client-S-DN': 'CN=sip:admin@sip.example.org',
        }
        const headers = Object.entries(lies).flatMap(([key, value]) => ['-H', `${key}: ${value}`])
        const from = [
          '--interface',
          '127.0.0.2',
          '--digest',
          '-u',
          'admin:wrong',
          '-H',
          'From: sip:admin@sip.example.org',
        ]
        for (const version of ['--http2', '--http1.1']) {
          const statuses = (await curl('-i', version, ...from, ...headers, `${base}/api/accounts/me`)).match(
            /^HTTP\/\S+ \d+/gm,
          )
          const line = `HTTP/${version === '--http2' ? '2' : '1.1'} 401`
          expect([version, statuses]).toEqual([version, [line, line]])
        }
        for (const seen of heard) {
          expect(Object.fromEntries(Object.keys(lies).map((key) => [key, seen.get(key)]))).toEqual({
            'X-Forwarded-For': '127.0.0.2',
            'X-Forwarded-Proto': 'https',
            'X-Forwarded-Host': `localhost:${ports.https}`,
            'X-Forwarded-Port': null,
            Forwarded: null,
            'X-SSL-Client-Verify': null,
            'X-SSL-Client-S-DN': null,
          })
          expect(seen.get('host')).toBe(`localhost:${ports.https}`)
        }
        await eventually(
          () => /auth\.digest\.fail.*ip=127\.0\.0\.2/.test(running.output()),
          () => running.output(),
        )
        expect(running.output()).not.toContain('203.0.113.')

        // The server believes it: addresses that it gives out are those of the proxy.
        const account = await (
          await api('/accounts', {
            username: `${name}.user`,
            password: 'horse-horse',
            algorithm: 'SHA-256',
            activated: true,
            email: `${name}@example.org`,
          })
        ).json()
        expect(account.username).toBe(`${name}.user`)
        const wellKnown = await ask('/.well-known/anything')
        expect([wellKnown.status, heard.length > 0]).toEqual([404, true])
        const slot = await (
          await api(`/accounts/${account.id}/voicemails`, { content_type: 'audio/wav', sip_from: null })
        ).json()
        expect(slot).toMatchObject({ upload_url: expect.stringContaining('https://localhost/') })

        // A host that is nobody's reaches nobody's Space.
        const foreign = await ask('/api/ping', { headers: { Host: 'elsewhere.example.org' } })
        expect(await foreign.text()).not.toBe(await (await ask('/api/ping')).text())

        // Flexisip speaks HTTP/2 only.
        const session = connect(base, { rejectUnauthorized: false, ALPNProtocols: ['h2'] })
        const status = await new Promise((resolve, reject) => {
          session.on('error', reject)
          const stream = session.request({ ':path': '/api/accounts', 'x-api-key': place.admin.api_key })
          stream.on('response', (reply) => resolve(reply[':status']))
          stream.end()
        })
        session.close()
        expect(status).toBe(200)
      } finally {
        await stop()
      }
    }, 60_000)

    test(`${name} refuses what no route takes, and holds neither voicemails nor long replies back`, async () => {
      rmSync(join(folder, name), { recursive: true, force: true })
      const { base, stop } = await start(name)
      try {
        const announcing = ['-o', '/dev/null', '-w', '%{http_code}', '-m', '20', '--http1.1', '-d', 'x']
        const length = ['-H', `Content-Length: ${LIMIT + 1}`, '-H', 'Expect:']
        expect(await curl(...announcing, ...length, `${base}/relay/swallow`)).toBe('413')

        const tls = { rejectUnauthorized: false }
        // Before the rest of it has been sent, the beginning is there.
        received = 0
        let finish: () => void = () => {}
        const body = new ReadableStream({
          start: (controller) => {
            controller.enqueue(new Uint8Array(100_000))
            finish = () => {
              controller.enqueue(new Uint8Array(3_000_000))
              controller.close()
            }
          },
        })
        const uploading = fetch(`${base}/relay/swallow`, { method: 'POST', body, tls, duplex: 'half' } as RequestInit)
        await eventually(
          async () => received > 0,
          () => `${name} keeps the upload.`,
        )
        finish()
        expect(await (await uploading).text()).toBe('3100000')

        const reply = await fetch(`${base}/relay/stream`, { tls } as RequestInit)
        const reader = reply.body?.getReader()
        expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('begun\n')
        goOn()
        expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('ended\n')
      } finally {
        await stop()
      }
    }, 60_000)
  }
})
