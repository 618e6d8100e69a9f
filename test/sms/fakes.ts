/** Stand-ins for gateways, on local sockets, and what is sent to them. */

import { createHash } from 'node:crypto'
import { loadConfig } from '../../src/config/config.ts'
import { logging } from '../../src/logging/logging.ts'
import { type OutgoingMessage, PermanentFailure } from '../../src/outbox/messages.ts'
import { type SmsDeps, sms } from '../../src/sms/sms.ts'

interface Received {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Headers
  readonly body: string
}

export type Behaviour = (request: Received) => Response | Promise<Response>

export const fakeGateway = (behaviour: Behaviour = () => new Response('{}')) => {
  const requests: Received[] = []
  const fake = {
    behaviour,
    requests,
    /** The last one. */
    get last(): Received {
      const last = requests.at(-1)
      if (last === undefined) throw new Error('nothing arrived')
      return last
    },
    url: '',
    stop: () => server.stop(true),
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      const { method, headers } = request
      const received = { method, target: pathname + search, headers, body: await request.text() }
      requests.push(received)
      return fake.behaviour(received)
    },
  })
  fake.url = `http://127.0.0.1:${server.port}`
  return fake
}

export type FakeGateway = ReturnType<typeof fakeGateway>

export const OVH_KEYS = {
  OVH_APP_KEY: 'ovh-application',
  OVH_APP_SECRET: 'ovh-secret',
  OVH_APP_CONSUMER_KEY: 'ovh-consumer',
}

/** OVH as its documents describe it, by a clock of its own: whoever signs wrong, or by another clock, gets nothing. */
export const fakeOvh = () => {
  const state = {
    aheadSeconds: 7200,
    services: ['sms-ab1-1', 'sms-ab1-2'] as unknown,
    jobs: [] as Record<string, unknown>[],
    answer: null as Response | null,
  }
  const clock = () => Math.floor(Date.now() / 1000) + state.aheadSeconds
  const no = (status: number, errorCode: string) => Response.json({ errorCode, message: 'no' }, { status })
  const gateway = fakeGateway(({ method, target, headers, body }) => {
    if (target === '/1.0/auth/time') return Response.json(clock())
    const timestamp = headers.get('x-ovh-timestamp') ?? ''
    const { OVH_APP_SECRET, OVH_APP_CONSUMER_KEY } = OVH_KEYS
    const clear = `${OVH_APP_SECRET}+${OVH_APP_CONSUMER_KEY}+${method}+${gateway.url}${target}+${body}+${timestamp}`
    if (headers.get('x-ovh-application') !== OVH_KEYS.OVH_APP_KEY) return no(403, 'INVALID_KEY')
    if (headers.get('x-ovh-consumer') !== OVH_APP_CONSUMER_KEY) return no(403, 'INVALID_CREDENTIAL')
    if (Math.abs(Number(timestamp) - clock()) > 30) return no(400, 'QUERY_TIME_OUT')
    if (headers.get('x-ovh-signature') !== `$1$${createHash('sha1').update(clear).digest('hex')}`) {
      return no(403, 'INVALID_SIGNATURE')
    }
    if (method === 'GET' && target === '/1.0/sms') return Response.json(state.services)
    if (method === 'GET') return Response.json({ creditsLeft: 12.5 })
    if (state.answer !== null) return state.answer.clone() as Response
    const job = JSON.parse(body)
    state.jobs.push(job)
    return Response.json({ ids: [1], validReceivers: job.receivers, invalidReceivers: [], totalCreditsRemoved: 1 })
  })
  const targets = () => gateway.requests.map(({ method, target }) => `${method} ${target.replace('/1.0', '')}`)
  return { stop: gateway.stop, endpoint: `${gateway.url}/1.0`, state, targets }
}

/** In no log line and in no failure may one of these appear. */
export const SECRETS = ['73415926', 'ovh-secret', 'ovh-consumer', 'twilio-token', 'hmac-key', 'gateway-password']

/** A channel with these settings, and the log it writes. */
export const texting = (env: Record<string, string>, deps: Partial<SmsDeps> = {}) => {
  const { config, problems } = loadConfig({ environment: env, envFiles: [], readFile: () => '' })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const lines: string[] = []
  const log = logging(config, { now: () => new Date(), write: (line) => lines.push(line) })
  const spaceOf = async (id: number) => (id === 1 ? { name: 'Example', domain: 'sip.example.org' } : null)
  const channel = sms({ config, log, now: () => new Date(), spaceOf, limitMs: 250, ...deps })
  const told: string[] = []
  return {
    ...channel,
    lines,
    /** How a message ended: `sent`, or the failure, with `for good` before it when nothing will be tried again. */
    outcome: async (message: Partial<OutgoingMessage> = {}): Promise<string> => {
      const outcome = await channel.dispatch({ ...MESSAGE, ...message }).then(
        () => 'sent',
        (error: Error) => (error instanceof PermanentFailure ? `for good: ${error.message}` : error.message),
      )
      told.push(outcome)
      return outcome
    },
    /** What was written and said that nobody should learn. */
    leaks: () => [...lines, ...told].filter((line) => SECRETS.some((secret) => line.includes(secret))),
  }
}

export const TEXT = 'Your Example validation code is 73415926. The code is available for 10 minutes'

export const MESSAGE: OutgoingMessage = {
  id: 42,
  kind: 'phone_code',
  spaceId: 1,
  webhookId: null,
  attempt: 1,
  recipient: '+33612345678',
  language: 'en',
  data: { code: '73415926', expires_minutes: 10 },
}
