/** A service account of Google: who it is, and the access token that it gets for its key (RFC 7523). */

import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PushFailure, unlessAborted } from './failure.ts'

export interface GoogleAccount {
  readonly project: string
  /** Other values of `pn_param` that mean this project, such as its number. */
  readonly alias: string | null
  /**
   * In the form of `Credential` of firebase-admin, which would keep the token for as long as `expires_in` says. It is
   * kept here, where it can be forgotten, so that is always 0. Fails with a `PushFailure`.
   */
  readonly getAccessToken: () => Promise<{ access_token: string; expires_in: number }>
  /** The token was refused: the next one is a new one. */
  readonly forgetToken: () => void
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const ASSERTION_SECONDS = 3600
/** The clocks of two machines differ, and a push may take a while. */
const RENEW_BEFORE_MS = 6 * 60_000

interface Key {
  readonly project: string
  readonly email: string
  readonly id: string
  readonly key: KeyObject
  readonly tokenUri: string
}

/** @throws PushFailure when the file is not a service account. */
export function googleAccount(
  { file, alias }: { readonly file: string; readonly alias: string | null },
  now: () => Date,
  limitMs: number,
): GoogleAccount {
  const account = readAccount(file)
  let token: { readonly text: string; readonly expiresAt: number } | null = null
  let asking: Promise<string> | null = null

  const ask = async (): Promise<string> => {
    const answer = await requestToken(account, now(), limitMs)
    token = { text: answer.access_token, expiresAt: now().getTime() + answer.expires_in * 1000 }
    return answer.access_token
  }

  return {
    project: account.project,
    alias,
    getAccessToken: async () => {
      if (token !== null && token.expiresAt - now().getTime() >= RENEW_BEFORE_MS) {
        return { access_token: token.text, expires_in: 0 }
      }
      asking ??= ask().finally(() => {
        asking = null
      })
      return { access_token: await asking, expires_in: 0 }
    },
    forgetToken: () => {
      token = null
    },
  }
}

function readAccount(file: string): Key {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const member = (name: string): string => {
      const value = typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined
      if (typeof value !== 'string' || value === '') throw new Error(`${name} is missing`)
      return value
    }
    if (member('type') !== 'service_account') throw new Error('its type is not service_account')
    return {
      project: member('project_id'),
      email: member('client_email'),
      id: member('private_key_id'),
      key: createPrivateKey(member('private_key')),
      tokenUri: member('token_uri'),
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new PushFailure('credentials', { detail: `${file} is not a usable service account: ${why}`, cause: error })
  }
}

async function requestToken(account: Key, at: Date, limitMs: number) {
  const signal = AbortSignal.timeout(limitMs)
  try {
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: assertion(account, Math.floor(at.getTime() / 1000)),
    })
    const work = async () => {
      const reply = await fetch(account.tokenUri, { method: 'POST', body, signal, redirect: 'error' })
      return { status: reply.status, answer: await reply.json().catch(() => null) }
    }
    const { status, answer } = await unlessAborted(signal, work())
    if (isToken(answer) && status === 200) return answer
    if (status >= 500) throw new PushFailure('unavailable', { status })
    // `invalid_grant` for a key that was deleted or a clock that is wrong.
    throw new PushFailure('wrong_key', { status, detail: typeof answer?.error === 'string' ? answer.error : null })
  } catch (error) {
    if (error instanceof PushFailure) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new PushFailure(signal.aborted ? 'timeout' : 'connection', { detail: `access token: ${why}`, cause: error })
  }
}

const isToken = (answer: unknown): answer is { access_token: string; expires_in: number } =>
  typeof answer === 'object' &&
  answer !== null &&
  typeof Reflect.get(answer, 'access_token') === 'string' &&
  typeof Reflect.get(answer, 'expires_in') === 'number'

/** The claims of RFC 7523 §3, signed as Google wants them. */
function assertion({ email, id, key, tokenUri }: Key, at: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'RS256', typ: 'JWT', kid: id })
  const claims = part({ iss: email, scope: SCOPE, aud: tokenUri, iat: at, exp: at + ASSERTION_SECONDS })
  const signature = sign('RSA-SHA256', Buffer.from(`${header}.${claims}`), key).toString('base64url')
  return `${header}.${claims}.${signature}`
}
