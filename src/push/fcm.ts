/** Android devices: Firebase Cloud Messaging, a service account for each project (docs/adr/0013). */

import { readFileSync } from 'node:fs'
import type { Agent } from 'node:https'
import type { Messaging } from 'firebase-admin/messaging'
import type { Config } from '../config/config.ts'
import { PushFailure, type PushReason, unlessAborted } from './failure.ts'
import { type GoogleAccount, googleAccount } from './google-account.ts'
import { type Check, LIFETIME_SECONDS, type PushMessage, type Sender } from './sender.ts'

/** Null when the configuration names no service account. */
export function fcm(config: Config, now: () => Date, limitMs: number): Sender | null {
  const files = config.FCM_SERVICE_ACCOUNT_FILES
  if (files.length === 0) return null
  const known = new Map<string, GoogleAccount>()
  const opened = new Map<GoogleAccount, Promise<Project>>()

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

  const projectOf = (account: GoogleAccount): Promise<Project> => {
    const project = opened.get(account) ?? openProject(account, config)
    opened.set(account, project)
    return project
  }

  const attempt = async (account: GoogleAccount, message: PushMessage, signal: AbortSignal) => {
    const { messaging, agent } = await projectOf(account)
    try {
      signal.throwIfAborted()
      // At the limit the request is left alone: firebase-admin ends it after 15 seconds and does not repeat it.
      await unlessAborted(signal, messaging.send(fcmMessage(message)))
      return null
    } catch (error) {
      const failure = failureOf(error)
      if (failure.reason === 'wrong_key') account.forgetToken()
      if (failure.reason === 'connection' || failure.reason === 'timeout') closeIdle(agent)
      return failure
    }
  }

  return {
    async send(message, signal) {
      if (!/^[\w:-]+$/.test(message.prid)) throw new PushFailure('bad_device', { detail: 'pn_prid names no device' })
      const account = accountFor(message.param)
      await unlessAborted(signal, account.getAccessToken())
      const first = await attempt(account, message, signal)
      // A connection that was kept may have died unnoticed, so a new one deserves a try.
      const failure = first?.reason === 'connection' ? await attempt(account, message, signal) : first
      if (failure !== null) throw failure
    },
    check: () => Promise.all(files.map((entry) => checked(entry.file, () => accountIn(entry)))),
    async close() {
      const projects = await Promise.all(opened.values())
      opened.clear()
      await Promise.all(projects.map(({ close }) => close()))
    },
  }
}

interface Project {
  readonly messaging: Messaging
  readonly agent: Agent
  readonly close: () => Promise<void>
}

/** The library is loaded here, and so only by whoever sends to Google: it costs memory and start-up time. */
async function openProject(account: GoogleAccount, config: Config): Promise<Project> {
  const [{ initializeApp, deleteApp }, { getMessaging }, agent] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/messaging'),
    agentFor(config),
  ])
  const options = { credential: account, projectId: account.project, httpAgent: agent }
  const app = initializeApp(options, crypto.randomUUID())
  const messaging = getMessaging(app)
  forbidRetries(messaging)
  return {
    messaging,
    agent,
    async close() {
      agent.destroy()
      await deleteApp(app)
    },
  }
}

/** Not in its types: where firebase-admin 14 keeps what it repeats. */
interface Insides {
  readonly messagingRequestHandler: { readonly httpClient: { readonly retry: { maxRetries: number } } }
}

/**
 * By itself firebase-admin repeats a request up to four times with pauses that grow to four seconds, after the caller
 * has had its answer too, and has no setting for it. Repeating is decided in `send`.
 */
function forbidRetries(messaging: Messaging): void {
  const { messagingRequestHandler } = messaging as unknown as Insides
  messagingRequestHandler.httpClient.retry.maxRetries = 0
}

function fcmMessage({ prid, type, payload, callId }: PushMessage) {
  return {
    token: prid,
    data: {
      ...payload,
      // As for Apple: apps look at the top level or in the member for a payload of one's own.
      ...(payload !== null && { 'custom-payload': JSON.stringify(payload) }),
      ...(callId !== null && { 'call-id': callId }),
    },
    android: { priority: 'high' as const, ttl: LIFETIME_SECONDS[type] * 1000 },
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
  const isOutOfOrder = typeof status === 'number' && status >= 500
  const reason = isOutOfOrder ? 'unavailable' : ((code === null ? undefined : REASONS[code]) ?? 'refused')
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
