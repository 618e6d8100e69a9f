import { describe, expect, test } from 'bun:test'
import { listen, startRedis, startSentinel } from '../registrar/servers.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, serve, sipkeeper } from '../support/executable.ts'

const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
const ADMIN = 'admin@sip.example.org'

describe.skipIf(!hasProgram('redis-server'))('the executable and a registrar', () => {
  test('it shows and removes devices, lives on without Redis, and ends when it is told to', async () => {
    const redis = await startRedis({ password: 'p@ss word' })
    const sentinel = await startSentinel(redis)
    const connections = {
      'one Redis': { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) },
      'a sentinel': {
        REDIS_MODE: 'sentinel',
        REDIS_SENTINEL_PORT: String(sentinel.port),
        REDIS_SENTINEL_PASSWORD: 'guide',
      },
    }
    const place = await prepared()
    const headers = { 'x-api-key': place.admin.api_key }
    for (const [name, connection] of Object.entries(connections)) {
      const env = { ...place.env, ...connection, REDIS_PASSWORD: 'p@ss word' }
      await redis.register(ADMIN, PHONE, { expires: null })
      const doctor = await sipkeeper(['doctor'], env)
      expect([name, doctor.stdout]).toEqual([
        name,
        expect.stringMatching(/ok +Redis of the registrar: .* holds registrations/),
      ])

      const running = await serve({ env })
      const ask = (method: string, path: string) => fetch(`${running.base}/api/accounts/${path}`, { method, headers })
      const listed = await (await ask('GET', 'me/devices')).json()
      expect([name, listed[PHONE]?.device_name]).toEqual([name, 'Pixel 8'])

      const proxy = await listen(redis, ADMIN)
      const removed = await ask('DELETE', `${place.admin.id}/devices/${encodeURIComponent(PHONE)}`)
      expect([name, removed.status, await removed.text()]).toEqual([name, 200, '1'])
      await eventually(() => proxy.heard.length > 0)
      proxy.stop()
      expect(await (await ask('GET', 'me/devices')).json()).toEqual({})
      await eventually(() => running.output().includes('event=device.removed result=ok'))
      expect(running.output()).not.toContain('p@ss')
      // An open connection to Redis keeps nobody from going.
      expect([name, await running.stop()]).toEqual([name, 0])
    }
    await sentinel.stop()
    await redis.stop()

    const running = await serve({ env: { ...place.env, ...connections['one Redis'] } })
    const started = performance.now()
    const reply = await fetch(`${running.base}/api/accounts/me/devices`, { headers })
    expect([reply.status, await reply.text()]).toEqual([200, '{}'])
    expect(performance.now() - started).toBeLessThan(1500)
    await eventually(() => running.output().includes('no devices are shown'))
    await running.stop()
    const doctor = await sipkeeper(['doctor'], { ...place.env, ...connections['one Redis'] })
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('PROBLEM Redis of the registrar')])
    await place.remove()
  }, 60_000)
})
