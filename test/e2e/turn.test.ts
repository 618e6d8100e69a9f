import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, serve, sipkeeper } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'

const SECRET = 'shared-with-the-turn-server'
const GIVE_UP_MS = 30_000

/** A real TURN server on the loopback interface with what `config:coturn` prints, and `more` below it. */
const startCoturn = async (env: Record<string, string>, more = '') => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-coturn-'))
  const printed = await sipkeeper(['config:coturn', '--listen', '127.0.0.1', '--private-peers'], env)
  expect([printed.code, printed.stderr]).toEqual([0, ''])
  const file = join(folder, 'turnserver.conf')
  writeFileSync(file, printed.stdout + more)
  const own = ['--pidfile', join(folder, 'pid'), '--userdb', join(folder, 'db')]
  const child = Bun.spawn(['turnserver', '-c', file, ...own], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return {
    /** What it has said until then. */
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true, force: true })
      return (await output).join('')
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
    const settings = { COTURN_SERVER_HOST: `127.0.0.1:${port}`, COTURN_STATIC_AUTH_SECRET: SECRET }
    const place = await prepared({ ...settings, COTURN_SESSION_TTL_MINUTES: '10' })
    const running = await serve(place)
    // Calls of this machine with itself are for tests.
    let coturn = await startCoturn(place.env, 'allow-loopback-peers\n')
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
      const said = await coturn.stop()
      // Every line of the file was understood.
      expect(said).toContain('Relay ports initialization done')
      expect(said).not.toMatch(/bad configuration|unknown (?:argument|option)|unrecognized/i)
      // Printed as it is, nobody reaches this machine's own services through it.
      coturn = await startCoturn(place.env)
      await eventually(async () => (await use(port, username, password)).output.includes('error 403 (Forbidden IP)'))
    } finally {
      await coturn.stop()
      await running.stop()
      await place.remove()
    }
  }, 90_000)
})
