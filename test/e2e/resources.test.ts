import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { prepared, serve, sipkeeper } from '../support/executable.ts'

const residentMegabytes = (pid: number) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

test('it starts fast and needs little, and says that it is well', async () => {
  const place = await prepared()
  expect((await sipkeeper(['healthcheck'], { ...place.env, LISTEN: '127.0.0.1:1' })).code).toBe(1)
  const started = performance.now()
  const running = await serve(place)
  const up = await fetch(`http://127.0.0.1:${running.port}/up`)
  const milliseconds = performance.now() - started
  expect([up.status, await up.json()]).toEqual([200, { status: 'up' }])
  const health = await sipkeeper(['healthcheck'], { ...place.env, LISTEN: `127.0.0.1:${running.port}` })
  expect([health.code, health.stdout]).toEqual([0, 'up\n'])
  await Bun.sleep(500)
  const idle = residentMegabytes(running.child.pid)
  for (let i = 0; i < 20; i++) {
    const headers = { 'x-api-key': place.admin.api_key }
    await Promise.all(Array.from({ length: 100 }, () => fetch(`${running.base}/api/accounts/me`, { headers })))
  }
  const after = residentMegabytes(running.child.pid)
  process.stdout.write(
    `measured: first 200 after ${milliseconds.toFixed(0)} ms; ${idle.toFixed(0)} MB idle, ${after.toFixed(0)} MB after 2000 requests\n`,
  )
  // Far from what `bun run bench` asks (docs/performance.md): this only notices that something went badly wrong.
  expect([milliseconds < 5000, idle < 250]).toEqual([true, true])
  await running.stop()
  await place.remove()
})
