/** Android devices: Firebase Cloud Messaging, a service account for each project. */

import { readFileSync } from 'node:fs'
import type { ClientRequest } from 'node:http'
import type { Agent } from 'node:https'
import type { Config } from '../config/config.ts'
import { PushFailure, type PushReason, unlessAborted } from './failure.ts'
import { type GoogleAccount, googleAccount } from './google-account.ts'
import type { Check, PushMessage, Sender } from './sender.ts'

/** Null when the configuration names no service account. */
export function fcm(config: Config, now: () => Date, limitMs: number): Sender | null {
  const files = config.FCM_SERVICE_ACCOUNT_FILES
  if (files.length === 0) return null
  const known = new Map<string, GoogleAccount>()
  let connections: Promise<Agent> | null = null

  /** A file that could not be read is read again next time. */
  const accountIn = (entry: (typeof files)[number]): GoogleAccount => {
    const account = known.get(entry.file) ?? googleAccount(entry, now, limitMs)
    known.set(entry.file, account)
    return account
  }

  const accountFor = (param: string): GoogleAccount => {
    const broken: PushFailure[] = []
    const accounts = files.flatMap((entry) => {
      try {
        return [accountIn(entry)]
      } catch (error) {
        if (!(error instanceof PushFailure)) throw error
        broken.push(error)
        return []
      }
    })
    const named = accounts.find(({ project, alias }) => project === param || alias === param)
    // Which project has a number is not in its account file. With one project, Google itself refuses a wrong number.
    const only = files.length === 1 && /^\d*$/.test(param) ? accounts[0] : undefined
    const account = named ?? only
    if (account === undefined) throw broken[0] ?? new PushFailure('no_credentials')
    return account
  }

  return {
    async send(message, signal) {
      if (!/^[\w:-]+$/.test(message.prid)) throw new PushFailure('bad_device', { detail: 'pn_prid names no device' })
      const account = accountFor(message.param)
      await unlessAborted(signal, account.getAccessToken())
      // Loaded here, and so only by whoever sends to Google: TLS clients and this library cost memory and start-up time.
      const [{ initializeApp, deleteApp }, { getMessaging }] = await Promise.all([
        import('firebase-admin/app'),
        import('firebase-admin/messaging'),
      ])
      connections ??= agentFor(config)
      const shared = await connections
      const once = oneSend(shared, signal)
      // firebase-admin knows no way to end a send: an app that lives as long as this one does is that way.
      const options = { credential: account, projectId: account.project, httpAgent: once.agent }
      const app = initializeApp(options, crypto.randomUUID())
      try {
        await Promise.race([getMessaging(app).send(fcmMessage(message)), once.ended])
      } catch (error) {
        const failure = failureOf(error)
        if (failure.reason === 'wrong_key') account.forgetToken()
        if (failure.reason === 'connection' || failure.reason === 'timeout') closeIdle(shared)
        throw failure
      } finally {
        once.end()
        await deleteApp(app)
      }
    },
    check: () => Promise.all(files.map((entry) => checked(entry.file, () => accountIn(entry)))),
    async close() {
      const shared = await connections
      shared?.destroy()
    },
  }
}

/** The time after which a phone that sleeps may get a call or token too late to be of use. */
const TTL_MS = { background: 3600_000, message: 28 * 86_400_000, call: 60_000 }

function fcmMessage({ prid, type, payload, callId }: PushMessage) {
  return {
    token: prid,
    data: {
      ...payload,
      // As for Apple: apps look at the top level or in the member for a payload of one's own.
      ...(payload !== null && { 'custom-payload': JSON.stringify(payload) }),
      ...(callId !== null && { 'call-id': callId }),
    },
    android: { priority: 'high' as const, ttl: TTL_MS[type] },
  }
}

async function agentFor({ FCM_ENDPOINT, PUSH_CA_FILE }: Config): Promise<Agent> {
  const [{ Agent }, { connect }] = await Promise.all([import('node:https'), import('node:tls')])
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 })
  if (FCM_ENDPOINT?.kind !== 'tcp') return agent
  const { host, port } = FCM_ENDPOINT
  agent.createConnection = () =>
    connect({ host, port, servername: host, ...(PUSH_CA_FILE !== null && { ca: readFileSync(PUSH_CA_FILE) }) })
  return agent
}

/** What was opened together may have died together. */
function closeIdle(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy()
  }
}

/** Node's agents have it and its types do not: where a request asks for its connection. */
interface TakesRequests {
  addRequest: (request: ClientRequest, ...rest: unknown[]) => void
}

const MOST_ATTEMPTS = 2

/**
 * An agent for the requests of one send. firebase-admin repeats a request up to four times with growing pauses; here
 * it may once, at once, when its connection broke, and nothing leaves after the send has ended. `ended` rejects when
 * there is no use in waiting for firebase-admin any longer.
 */
function oneSend(connections: Agent, signal: AbortSignal) {
  const shared = connections as Agent & TakesRequests
  const agent: Agent & TakesRequests = Object.create(shared)
  const { promise: ended, reject } = Promise.withResolvers<never>()
  let attempts = 0
  let isOver = false
  let current: ClientRequest | null = null

  agent.addRequest = (request, ...rest) => {
    attempts += 1
    if (isOver || attempts > MOST_ATTEMPTS) {
      request.destroy(new PushFailure('connection'))
      return
    }
    current = request
    if (attempts === MOST_ATTEMPTS) {
      request.once('error', ({ message }) => reject(new PushFailure('connection', { detail: message })))
    }
    request.once('response', ({ statusCode = 0 }) => {
      if (statusCode >= 500) reject(new PushFailure('unavailable', { status: statusCode }))
    })
    shared.addRequest(request, ...rest)
  }

  const abort = () => {
    reject(signal.reason)
    end()
    current?.destroy()
  }
  const end = () => {
    isOver = true
    signal.removeEventListener('abort', abort)
  }
  ended.catch(() => {}) // it is raced, or comes too late for anybody
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  return { agent, ended, end }
}

const REASONS: Readonly<Record<string, PushReason>> = {
  'messaging/registration-token-not-registered': 'unregistered',
  'messaging/invalid-registration-token': 'bad_device',
  // What version 1 of the API says about a token that is none.
  'messaging/invalid-argument': 'bad_device',
  'messaging/mismatched-credential': 'wrong_key',
  'messaging/authentication-error': 'wrong_key',
  'messaging/third-party-auth-error': 'wrong_key',
  'messaging/message-rate-exceeded': 'rate_limited',
  'messaging/device-message-rate-exceeded': 'rate_limited',
  'messaging/server-unavailable': 'unavailable',
  'messaging/internal-error': 'unavailable',
  'app/network-error': 'connection',
  'app/network-timeout': 'timeout',
}

function failureOf(error: unknown): PushFailure {
  if (error instanceof PushFailure) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  const status = error instanceof Error ? Reflect.get(Object(Reflect.get(error, 'httpResponse')), 'status') : null
  const reason = (code === null ? undefined : REASONS[code]) ?? 'refused'
  return new PushFailure(reason, {
    detail: reason === 'connection' && error instanceof Error ? error.message : code,
    status: typeof status === 'number' ? status : null,
    cause: error,
  })
}

/** Asks Google for an access token: that proves the account, and sends nothing. */
async function checked(file: string, account: () => GoogleAccount): Promise<Check> {
  try {
    const { project, getAccessToken } = account()
    const name = `fcm ${project}`
    return await getAccessToken().then(
      () => ({ name, ok: true, detail: `${file}, accepted by Google` }),
      (error) => ({ name, ok: false, detail: `Google gives no access token for ${file}: ${error.message}` }),
    )
  } catch (error) {
    return { name: 'fcm', ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
