/** Requests to gateways: bounded in time and size, never redirected, and never quoted. */

import { PermanentFailure } from '../outbox/messages.ts'

export interface Answer {
  readonly status: number
  readonly text: string
}

const MOST_BYTES = 65_536

/** Fails when there is no answer in time. Addresses may hold credentials, so only the kind of the failure is told. */
export const ask = async (url: string, request: Omit<RequestInit, 'signal'>, limitMs: number): Promise<Answer> => {
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.timeout(limitMs) })
    // Whoever has given a status has decided: a body that breaks off is an empty one.
    return { status: response.status, text: await beginning(response).catch(() => '') }
  } catch (error) {
    const { name, code } = error as { name?: unknown; code?: unknown }
    const kind = name === 'TimeoutError' ? 'not in time' : typeof code === 'string' ? code : 'unreachable'
    throw new Error(`no answer: ${kind}`)
  }
}

async function beginning(response: Response): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop cancels the rest.
  for await (const chunk of response.body) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length >= MOST_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString()
}

/** What a gateway says no with. `word`: its own name for the reason. */
export const refusal = ({ status }: Answer, word?: string | number): Error => {
  const said = word === undefined ? `HTTP ${status}` : `HTTP ${status} ${word}`
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429
  return isFinal ? new PermanentFailure(said) : new Error(said)
}

/** The members of a JSON object; none when the text is something else. */
export const members = (text: string): Readonly<Record<string, unknown>> => {
  const value = jsonOf(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** `undefined` when it is no JSON: the error of a parser would quote it. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
