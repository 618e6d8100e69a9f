/** Apple devices: HTTP/2 to APNs, one connection for each key and environment, made at first use. */

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Provider, ProviderOptions, ResponseFailure } from 'node-apn'
import type { Config } from '../config/config.ts'
import { type AppleApp, appleApp, appleDevice, appleTopic } from './apple-app.ts'
import { PushFailure, type PushReason, unlessAborted } from './failure.ts'
import { type Check, LIFETIME_SECONDS, type PushMessage, type Sender } from './sender.ts'

type Credential =
  | { readonly kind: 'key'; readonly team: string; readonly id: string; readonly file: string }
  | { readonly kind: 'certificate'; readonly file: string; readonly keyFile: string }

interface Connection {
  readonly provider: Provider
  /** It has carried an answer: when it fails now, it may have died unnoticed, and a new one deserves a try. */
  worked: boolean
}

/** Null when the configuration names neither a key nor a certificate. */
export function apns(config: Config, now: () => Date, limitMs: number): Sender | null {
  const { credentials, problems } = configured(config)
  if (credentials.length === 0 && problems.length === 0) return null

  const current = new Map<string, Promise<Connection>>()
  const open = new Set<Provider>()

  const connect = async (credential: Credential, production: boolean): Promise<Connection> => {
    const { Provider } = await import('node-apn')
    try {
      const provider = new Provider({
        ...credentialOptions(credential),
        ...endpointOptions(config),
        production,
        // Retrying is decided below, where the time that is left is known.
        connectionRetryLimit: 0,
        // `push` keeps the time. One timer a request on a shared session makes Bun warn of too many listeners.
        requestTimeout: 0,
      })
      open.add(provider)
      return { provider, worked: false }
    } catch (error) {
      throw new PushFailure('credentials', { detail: sentenceOf(error), cause: error })
    }
  }

  /** The next push makes a new connection; pushes that wait for an answer on this one may get it until their limit. */
  const retire = (place: string, connection: Connection) => {
    current.delete(place)
    const end = () => {
      open.delete(connection.provider)
      connection.provider.shutdown()
    }
    setTimeout(end, limitMs).unref()
  }

  const attempt = async (place: string, credential: Credential, message: PushMessage, request: ApnsRequest) => {
    const made = current.get(place) ?? connect(credential, message.provider === 'apns')
    current.set(place, made)
    const connection = await made.catch((error) => {
      if (current.get(place) === made) current.delete(place)
      throw error
    })
    const workedBefore = connection.worked
    try {
      // A connection that a firewall has forgotten swallows everything; leave time for another one.
      const patience = workedBefore ? [AbortSignal.timeout(limitMs / 2)] : []
      const answer = sent(connection.provider, request)
      await unlessAborted(AbortSignal.any([request.signal, ...patience]), answer)
      connection.worked = true
    } catch (error) {
      const failure = error instanceof PushFailure ? error : new PushFailure('timeout')
      if (failure.status !== null) connection.worked = true
      const isDead = failure.reason === 'connection' || failure.reason === 'timeout'
      if ((isDead || failure.reason === 'wrong_key') && current.get(place) === made) retire(place, connection)
      return { failure, again: isDead && workedBefore && !request.signal.aborted }
    }
    return { failure: null, again: false }
  }

  return {
    async send(message, signal) {
      const app = appleApp(message.param)
      if (app === null) throw new PushFailure('bad_topic', { detail: 'pn_param names no app' })
      const device = appleDevice(message.prid, message.type)
      if (device === null) throw new PushFailure('bad_device', { detail: 'pn_prid names no device' })
      const credential = credentialFor(app, credentials)
      if (credential === null) throw new PushFailure('no_credentials', { detail: problems[0] ?? null })
      const request = { signal, device, ...apnsRequest(app, message, now()) }
      const place = `${message.provider} ${credential.kind === 'key' ? `${credential.team} ${credential.id}` : 'certificate'}`

      const first = await attempt(place, credential, message, request)
      const { failure } = first.again ? await attempt(place, credential, message, request) : first
      if (failure !== null) throw failure
    },
    check: async () => [
      ...problems.map((detail) => ({ name: 'apns', ok: false, detail })),
      ...credentials.map((credential) => checked(credential, now())),
    ],
    async close() {
      current.clear()
      for (const provider of open) provider.shutdown()
      open.clear()
    },
  }
}

function configured(config: Config): { credentials: readonly Credential[]; problems: readonly string[] } {
  const { APNS_KEY_FILE: file, APNS_KEY_ID: id, APNS_TEAM_ID: team } = config
  const { APNS_CERT_FILE: certificate, APNS_CERT_KEY_FILE: certificateKey } = config
  const credentials: Credential[] = []
  const problems: string[] = []
  if (file !== null && id !== null && team !== null) credentials.push({ kind: 'key', team, id, file })
  else if (file !== null || id !== null || team !== null) {
    problems.push('APNS_KEY_FILE, APNS_KEY_ID and APNS_TEAM_ID must be set together.')
  }
  for (const key of config.APNS_KEYS) credentials.push({ kind: 'key', ...key })
  // The key may be in the file of the certificate.
  if (certificate !== null) {
    credentials.push({ kind: 'certificate', file: certificate, keyFile: certificateKey ?? certificate })
  } else if (certificateKey !== null) problems.push('APNS_CERT_FILE must be set when APNS_CERT_KEY_FILE is.')
  return { credentials, problems }
}

/** The key of the app's team; for an app that names no team, the only key there is; else the certificate. */
function credentialFor({ team }: AppleApp, credentials: readonly Credential[]): Credential | null {
  const keys = credentials.filter((credential) => credential.kind === 'key')
  const key = team === null ? (keys.length === 1 ? keys[0] : undefined) : keys.find((one) => one.team === team)
  return key ?? credentials.find((credential) => credential.kind === 'certificate') ?? null
}

function credentialOptions(credential: Credential): ProviderOptions {
  return credential.kind === 'key'
    ? { token: { key: readFileSync(credential.file), keyId: credential.id, teamId: credential.team } }
    : { cert: readFileSync(credential.file), key: readFileSync(credential.keyFile) }
}

function endpointOptions({ APNS_ENDPOINT, PUSH_CA_FILE }: Config): ProviderOptions {
  return {
    ...(APNS_ENDPOINT?.kind === 'tcp' && { address: APNS_ENDPOINT.host, port: APNS_ENDPOINT.port }),
    ...(PUSH_CA_FILE !== null && { ca: [readFileSync(PUSH_CA_FILE)] }),
  }
}

interface ApnsRequest {
  readonly signal: AbortSignal
  readonly device: string
  readonly topic: string
  readonly pushType: 'background' | 'alert' | 'voip'
  readonly priority: 5 | 10
  /** In seconds since 1970: Apple keeps it no longer. */
  readonly expiry: number
  readonly payload: Readonly<Record<string, unknown>>
}

/** Shown only where the app has no extension that writes the notification itself. */
const ALERT = { body: 'New message' }

const KINDS = {
  background: { pushType: 'background', priority: 5, aps: { 'content-available': 1 } },
  message: { pushType: 'alert', priority: 10, aps: { alert: ALERT, sound: 'default', 'mutable-content': 1 } },
  call: { pushType: 'voip', priority: 10, aps: {} },
} as const

function apnsRequest(app: AppleApp, message: PushMessage, at: Date): Omit<ApnsRequest, 'signal' | 'device'> {
  const { type, payload, callId } = message
  const { pushType, priority, aps } = KINDS[type]
  const call = callId === null ? {} : { 'call-id': callId }
  return {
    topic: appleTopic(app, type),
    pushType,
    priority,
    expiry: Math.floor(at.getTime() / 1000) + LIFETIME_SECONDS[type],
    // Twice, because apps differ: at the top level, and in the member that the operator's program calls customPayload.
    payload: { ...payload, ...(payload !== null && { customPayload: payload }), ...call, aps: { ...aps, ...call } },
  }
}

async function sent(provider: Provider, request: ApnsRequest): Promise<void> {
  const { device, topic, pushType, priority, expiry, payload } = request
  const { Notification } = await import('node-apn')
  const notification = new Notification()
  notification.topic = topic
  notification.pushType = pushType
  notification.priority = priority
  notification.expiry = expiry
  notification.rawPayload = payload
  const { failed } = await provider.send(notification, device)
  if (failed[0] !== undefined) throw failureOf(failed[0])
}

function failureOf({ status, response, error }: ResponseFailure): PushFailure {
  if (status === undefined) return new PushFailure('connection', { detail: sentenceOf(error), cause: error })
  const detail = response?.reason ?? error?.message ?? null
  return new PushFailure(reasonOf(status, detail), { status, detail })
}

const REASONS: Readonly<Record<string, PushReason>> = {
  BadDeviceToken: 'bad_device',
  DeviceTokenNotForTopic: 'bad_device',
  MissingDeviceToken: 'bad_device',
  BadTopic: 'bad_topic',
  MissingTopic: 'bad_topic',
  TopicDisallowed: 'bad_topic',
}

function reasonOf(status: number, detail: string | null): PushReason {
  if (status === 410) return 'unregistered'
  if (status === 403) return 'wrong_key'
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'unavailable'
  return (detail === null ? undefined : REASONS[detail]) ?? 'refused'
}

/** Says whether the files can be used; only a push can say whether Apple agrees. */
function checked(credential: Credential, at: Date): Check {
  const name = credential.kind === 'key' ? `apns team ${credential.team}` : 'apns certificate'
  try {
    if (credential.kind === 'key') {
      const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(readFileSync(credential.file))
      const isP256 = asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
      return isP256
        ? { name, ok: true, detail: `key ${credential.id} in ${credential.file}` }
        : { name, ok: false, detail: `${credential.file} holds no key of Apple (EC P-256).` }
    }
    const certificate = new X509Certificate(readFileSync(credential.file))
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(credential.keyFile)))) {
      return { name, ok: false, detail: `${credential.keyFile} is not the key of ${credential.file}.` }
    }
    const until = new Date(certificate.validTo)
    return { name, ok: until > at, detail: `${credential.file}, valid until ${until.toISOString().slice(0, 10)}` }
  } catch (error) {
    return { name, ok: false, detail: `${credential.file} cannot be used: ${sentenceOf(error)}` }
  }
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
