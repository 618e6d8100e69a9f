import { describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { executable, type Finished, installation, prepared, serve, sipkeeper } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'

/** Who answers requests to the address, as its process says it. */
const UNIX_URL = 'http://localhost/api/ping'

describe('a second server on an address that is taken', () => {
  const refused = ({ code, stderr }: Finished) => {
    expect([code, stderr.includes('another program listens there')]).toEqual([1, true])
    expect(stderr).toContain('Cannot listen on')
  }

  test('ends with a sentence, and the first one goes on', async () => {
    const place = await prepared()
    const first = await serve(place)
    const address = `127.0.0.1:${first.port}`
    refused(await sipkeeper(['serve'], { ...place.env, LISTEN: address }))
    refused(await sipkeeper(['serve'], { ...place.env, LISTEN: '127.0.0.1:0', METRICS_LISTEN: address }))
    for (let times = 0; times < 20; times++) expect((await fetch(`${first.base}/api/ping`)).status).toBe(200)
    expect(await first.stop()).toBe(0)
    await place.remove()
  })

  test('ends so for the address of the metrics', async () => {
    const metrics = `127.0.0.1:${await freePort()}`
    const place = await prepared({ METRICS_LISTEN: metrics })
    const first = await serve(place)
    refused(await sipkeeper(['serve'], place.env))
    expect((await fetch(`http://${metrics}/`)).status).toBe(200)
    await first.stop()
    await place.remove()
  })

  test('ends so for a UNIX socket, but a socket that a killed process left behind is no server', async () => {
    const place = await prepared()
    const unix = join(place.folder, 'sipkeeper.sock')
    const env = { ...place.env, LISTEN: `unix:${unix}` }
    const start = () => Bun.spawn([executable, 'serve'], { env, stdout: 'ignore', stderr: 'ignore' })
    const answers = async () => {
      for (;;) {
        const reply = await fetch(UNIX_URL, { unix }).catch(() => null)
        if (reply !== null) return reply.status
        await Bun.sleep(20)
      }
    }
    const first = start()
    expect(await answers()).toBe(200)
    refused(await sipkeeper(['serve'], env))
    expect(await answers()).toBe(200)
    first.kill('SIGKILL')
    await first.exited
    const next = start()
    expect(await answers()).toBe(200)
    next.kill('SIGTERM')
    expect(await next.exited).toBe(0)
    rmSync(unix, { force: true })
    await place.remove()
  })

  test('shares it where both say so', async () => {
    const place = await installation()
    const port = await freePort()
    const env = { ...place.env, LISTEN: `127.0.0.1:${port}` }
    const first = await serve({ env }, [executable], ['--reuse-port'])
    const second = await serve({ env }, [executable], ['--reuse-port'])
    expect([first.port, second.port]).toEqual([port, port])
    expect(await first.stop()).toBe(0)
    expect((await fetch(`${second.base}/up`)).status).toBe(200)
    expect(await second.stop()).toBe(0)
    await place.remove()
  })
})
