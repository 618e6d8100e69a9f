// `bun bench/push.ts`: how fast `GET /api/ping` stays while 500 apps ask for a push from a sender that takes 2 s.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepared, serve } from '../test/support/executable.ts'

const REQUESTS = 500
const say = (text: string) => process.stdout.write(`${text}\n`)

const place = await prepared()
const program = join(place.folder, 'slow-pusher')
writeFileSync(program, '#!/bin/sh\nsleep 2\n')
chmodSync(program, 0o755)
const running = await serve({ env: { ...place.env, APP_FLEXISIP_PUSHER_PATH: program } })

const pings = async (name: string) => {
  const child = Bun.spawn(['wrk', '-t1', '-c8', '-d2s', '--latency', `${running.base}/api/ping`], { stdout: 'pipe' })
  const output = await new Response(child.stdout).text()
  const at = (percent: string) => new RegExp(`${percent}%\\s+(\\S+)`).exec(output)?.[1]
  say(`${name}: ${/Requests\/sec:\s+(\S+)/.exec(output)?.[1]} pings/s, median ${at('50')}, p99 ${at('99')}`)
}

await pings('idle')
const statuses = new Map<number, number>()
const sends = Promise.all(
  Array.from({ length: REQUESTS }, async (_, number) => {
    const body = JSON.stringify({ pn_provider: 'fcm', pn_param: 'bench', pn_prid: `device:${number}` })
    const headers = { 'content-type': 'application/json' }
    const path = `${running.base}/api/account_creation_tokens/send-by-push`
    const { status } = await fetch(path, { method: 'POST', headers, body })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }),
)
await pings(`with ${REQUESTS} pushes waiting`)
await sends
say(`replies: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')}`)
await running.stop()
await place.remove()
