import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

describe.skipIf(!hasProgram('openssl') || !hasProgram('curl'))('built-in TLS', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  const curl = (...args: string[]) => {
    const finished = Bun.spawnSync(['curl', '-sk', '-i', ...args])
    return finished.stdout.toString()
  }

  beforeAll(async () => {
    place = await prepared()
    const [cert, key] = [join(place.folder, 'cert.pem'), join(place.folder, 'key.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const made = Bun.spawnSync([
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ])
    expect(made.exitCode).toBe(0)
    running = await serve({ env: { ...place.env, TLS_CERT: cert, TLS_KEY: key } })
  })
  afterAll(async () => {
    await running.stop()
    await place.remove()
  })

  test('answers HTTP/2 and HTTP/1.1', () => {
    expect(curl('--http2', `${running.base}/api/ping`)).toStartWith('HTTP/2 200')
    expect(curl('--http1.1', `${running.base}/api/ping`)).toStartWith('HTTP/1.1 200')
  })

  test('answers a client that speaks only h2, as Flexisip does', async () => {
    const session = connect(running.base, { ca: [], rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    const status = await new Promise<number>((resolve, reject) => {
      session.on('error', reject)
      const stream = session.request({
        ':path': '/api/accounts',
        'x-api-key': place.admin.api_key,
        accept: 'application/json',
      })
      stream.on('response', (headers) => resolve(Number(headers[':status'])))
      stream.end()
    })
    session.close()
    expect(status).toBe(200)
  })

  test('refuses a body over the limit in JSON over HTTP/2, announced or not, and goes on', async () => {
    const session = connect(running.base, { rejectUnauthorized: false })
    const post = (headers: Record<string, string>, chunks: number) =>
      new Promise<[status: number, body: string]>((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': '/api/accounts', ...headers })
        let status = 0
        let body = ''
        stream.on('response', (reply) => (status = Number(reply[':status'])))
        stream.on('data', (text) => (body += text))
        stream.on('error', reject)
        stream.on('close', () => resolve([status, body]))
        for (let sent = 0; sent < chunks; sent += 1) stream.write(Buffer.alloc(65_536, 0x20))
        if (chunks > 0) stream.end()
      })
    for (const [headers, chunks] of [
      [{ 'content-length': '3000000000' }, 0],
      [{}, 100],
    ] as const) {
      const [status, body] = await post(headers, chunks)
      expect([status, JSON.parse(body).message]).toEqual([413, expect.stringContaining('1048576')])
    }
    expect(await post({}, 1)).toEqual([401, expect.any(String)])
    session.close()
  })

  test('loses no reply to a body that nobody wants', () => {
    for (let sent = 0; sent < 10; sent += 1) {
      expect(curl('--http2', '-d', '{"a":1}', `${running.base}/api/nothing`)).toStartWith('HTTP/2 404')
    }
  })

  for (const version of ['--http1.1', '--http2']) {
    for (const path of ['/api/accounts/me', '/api/accounts/me?with=query&and=more']) {
      test(`curl --digest signs in over ${version} at ${path}`, () => {
        const from = ['-H', 'From: sip:admin@sip.example.org']
        const replies = curl(version, '--digest', '-u', 'admin:correct-horse', ...from, `${running.base}${path}`)
        expect(replies.match(/^HTTP\/\S+ \d+/gm)?.map((line) => line.slice(-3))).toEqual(['401', '200'])
        const wrong = curl(version, '--digest', '-u', 'admin:wrong', ...from, `${running.base}${path}`)
        expect(
          wrong
            .match(/^HTTP\/\S+ \d+/gm)
            ?.at(-1)
            ?.slice(-3),
        ).toBe('401')
      })
    }
  }
})
