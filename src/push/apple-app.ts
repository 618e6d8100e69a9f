/** `pn-param` and `pn-prid` of Apple devices (RFC 8599 §10), in the form that Linphone gives them. */

import type { PushMessage } from './sender.ts'

export interface AppleApp {
  /** Whose key signs; null when the parameter names no team. */
  readonly team: string | null
  readonly bundle: string
}

/**
 * `TEAMID.bundle.id`, then optionally the services of the app: `.voip`, `.remote`, `.voip&remote`. Which of them is
 * meant follows from the type of the push, so they are not part of the result. Null: no app can have this name.
 */
export function appleApp(param: string): AppleApp | null {
  const [first = ''] = param.split('&')
  const parts = /^(?:(?<team>[A-Z0-9]{10})\.)?(?<bundle>[\w.-]+?)(?:\.(?:voip|remote))?$/.exec(first)?.groups
  return parts?.bundle === undefined ? null : { team: parts.team ?? null, bundle: parts.bundle }
}

/**
 * `token`, `token:remote`, `token:voip`, or several of them joined by `&`: PushKit has a device token of its own, and
 * the one for the type of the push is chosen. Null: no device can have this name.
 */
export function appleDevice(prid: string, type: PushMessage['type']): string | null {
  const wanted = type === 'call' ? 'voip' : 'remote'
  const devices = prid.split('&').map((part) => {
    const [token = '', service = null] = part.split(':')
    return { token, service }
  })
  const chosen = devices.find(({ service }) => service === wanted) ?? devices.find(({ service }) => service === null)
  const token = (chosen ?? devices[0])?.token ?? ''
  return /^[\w-]+$/.test(token) ? token : null
}

/** APNs accepts a PushKit push only for the topic of that service. */
export const appleTopic = ({ bundle }: AppleApp, type: PushMessage['type']): string =>
  type === 'call' ? `${bundle}.voip` : bundle
