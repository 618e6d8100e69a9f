import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, serve } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'

const SECRET = 'shared-with-the-turn-server'
const GIVE_UP_MS = 30_000

/** A real TURN server on the loopback interface that knows nobody, only the secret that it shares with us. */
const startCoturn = async (port: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-coturn-'))
  const words = {
    'static-auth-secret': SECRET,
    realm: 'sip.example.org',
    'listening-ip': '127.0.0.1',
    'relay-ip': '127.0.0.1',
    'listening-port': String(port),
    pidfile: join(folder, 'pid'),
    userdb: join(folder, 'db'),
    'log-file': 'stdout',
  }
  const flags = ['--use-auth-secret', '--no-tls', '--no-dtls', '--no-cli', '--allow-loopback-peers', '-n']
  const options = Object.entries(words).map(([name, value]) => `--${name}=${value}`)
  const child = Bun.spawn(['turnserver', ...flags, ...options], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
  return {
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What coturn's own client says about an allocation and a message over it in each direction. */
const use = async (port: number, username: string, password: string) => {
  const once = ['-y', '-c', '-n', '1', '-m', '1', '-l', '20']
  const command = ['turnutils_uclient', ...once, '-u', username, '-w', password, '-p', String(port), '127.0.0.1']
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' })
  const killer = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS)
  const [output, code] = await Promise.all([new Response(child.stdout).text(), child.exited])
  clearTimeout(killer)
  return { code, output }
}

const programs = [hasProgram('turnserver'), hasProgram('turnutils_uclient')]

describe.skipIf(programs.includes(false))('a real TURN server', () => {
  test('refuses credentials that we did not give, and carries messages for those that we did', async () => {
    const port = await freePort()
    const coturn = await startCoturn(port)
    const settings = { COTURN_SERVER_HOST: `127.0.0.1:${port}`, COTURN_STATIC_AUTH_SECRET: SECRET }
    const place = await prepared({ ...settings, COTURN_SESSION_TTL_MINUTES: '10' })
    const running = await serve(place)
    try {
      const headers = { 'x-api-key': place.admin.api_key }
      const reply = await fetch(`${running.base}/api/accounts/me/services/turn`, { headers })
      expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store, private'])
      const { username, password, ttl, uris } = await reply.json()
      expect([ttl, uris]).toEqual([600, [`turn:127.0.0.1:${port}`]])

      const longer = username.replace(/^\d+/, (until: string) => String(Number(until) + 3600))
      await eventually(async () => (await use(port, username, 'wrong')).output.includes('Cannot complete Allocation'))
      for (const [name, secret] of [
        ['', ''],
        [longer, password],
        [username, password.toLowerCase()],
        [`${username}x`, password],
      ]) {
        const { code, output } = await use(port, name, secret)
        expect([name, code === 0, output.includes('Total lost packets 0')]).toEqual([name, false, false])
      }

      const { code, output } = await use(port, username, password)
      expect(code, output).toBe(0)
      expect(output).toContain('tot_send_msgs=2, tot_recv_msgs=2')
      expect(running.output()).not.toContain(password)
      expect(running.output()).not.toContain(SECRET)
    } finally {
      await running.stop()
      await place.remove()
      await coturn.stop()
    }
  }, 90_000)
})
