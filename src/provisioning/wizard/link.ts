/** What the app is asked to do. */
export const ACTIONS = ['call', 'show', 'bye', 'accept', 'decline'] as const

export type Action = (typeof ACTIONS)[number]

export interface Errand {
  /** A SIP URI; null: nobody in particular. */
  readonly sip: string | null
  readonly action: Action
  readonly useSips: boolean
}

/** What a link shows of a SIP URI: its scheme and its headers are the link's own. */
export const shownSip = (sip: string): string => sip.replace(/^sips?:/i, '').replace(/\?.*$/s, '')

/**
 * The link that opens the app (behaviour/wizard.md §3). Parameters have a fixed order. The headers of the SIP URI stay
 * out, because whoever makes it up could slip parameters of the link in with them.
 */
export const appLink = ({ sip, action, useSips }: Errand, provisioningUrl: string | null): string => {
  const fetch = provisioningUrl === null ? '' : `&linphone-fetch-config=${encodeURIComponent(provisioningUrl)}`
  const sips = useSips ? '&linphone-use-sips=true' : ''
  return `sip-linphone:${sip === null ? '' : shownSip(sip)}?linphone-action=${action}${fetch}${sips}`
}
