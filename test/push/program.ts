/** What a compiled sipkeeper does to send pushes, and nothing else: `push.test.ts` in e2e compiles and runs it. */

import { loadConfig } from '../../src/config/config.ts'
import { AppError } from '../../src/errors.ts'
import { logging } from '../../src/logging/logging.ts'
import { push } from '../../src/push/push.ts'
import type { PushMessage } from '../../src/push/sender.ts'

const rssMiB = () => Math.round(process.memoryUsage.rss() / 2 ** 20)

const { config, problems } = loadConfig({ environment: process.env, envFiles: [], readFile: () => '' })
if (problems.length > 0) throw new Error(problems.join('\n'))
const startedMs = performance.now()
const log = logging(config, { now: () => new Date() })
const pushes = push({ config, log, now: () => new Date(), limitMs: 1000 })
const rss = [rssMiB()]
const results: string[] = []
for (const message of JSON.parse(process.argv[2] ?? '[]') as PushMessage[]) {
  results.push(
    await pushes.send(message).then(
      () => 'sent',
      (error: unknown) => (error instanceof AppError ? error.text.id : String(error)),
    ),
  )
  rss.push(rssMiB())
}
const checks = await pushes.check()
await pushes.close()
await log.close()
process.stderr.write(JSON.stringify({ results, checks, rss, startedMs }))
process.exit(0)
