/** SIP addresses and URIs as clients write them: RFC 3261 §19.1, §20.10 and §25.1. */
import { headerText } from './header-text.ts'
import { isControl, quotedString } from './quoted-string.ts'

/** Who an address names, without what it says about reaching them (password, port, parameters, headers). */
export interface SipAddress {
  readonly scheme: 'sip' | 'sips'
  /** Percent-decoded once. */
  readonly user: string
  /** Lower-case; an IPv6 address keeps its brackets. */
  readonly host: string
}

const LONGEST_ADDRESS = 512
const LONGEST_HOST = 253
const LONGEST_LABEL = 63

/**
 * Reads a `From` header: an addr-spec or a name-addr, with or without header parameters (RFC 3261 §20.20).
 * Some clients percent-encode the whole header (`sip%3Auser%40host`); nothing is ever decoded twice.
 * `null` when it names no user at a host.
 */
export function parseSipAddress(text: string): SipAddress | null {
  if (text.length > LONGEST_ADDRESS) return null
  const header = headerText(text)
  const plain = readAddress(header, true)
  if (plain !== null || header.indexOf('%') < 0) return plain
  const decoded = percentDecode(header)
  return decoded === null ? null : readAddress(decoded, false)
}

/**
 * Reads a path parameter `{sip}`, already percent-decoded: `user@domain`, scheme optional; the domain is lower-cased.
 */
export function parseAddressOfRecord(text: string): { user: string; domain: string } | null {
  if (text.length > LONGEST_ADDRESS || hasControl(text)) return null
  const from = schemeEnd(text, 0)
  const at = text.lastIndexOf('@')
  if (at <= from || at === text.length - 1) return null
  return { user: text.slice(from, at), domain: text.slice(at + 1).toLowerCase() }
}

/** Whether the whole text is a SIP-URI or SIPS-URI (RFC 3261 §25.1). A user is optional. */
export function isSipUri(text: string): boolean {
  let i = schemeEnd(text, 0)
  if (i === 0) return false
  const at = text.indexOf('@', i)
  if (at >= 0) {
    const userEnd = skip(text, i, USER)
    if (userEnd === i) return false
    i = text.charCodeAt(userEnd) === COLON ? skip(text, userEnd + 1, PASSWORD) : userEnd
    if (i !== at) return false
    i++
  }
  const hostStop = hostEnd(text, i, text.length)
  if (!isHost(text.slice(i, hostStop))) return false
  i = portEnd(text, hostStop, text.length)
  while (i >= 0 && text.charCodeAt(i) === SEMICOLON) i = pairEnd(text, i + 1, PARAMETER, true)
  if (i >= 0 && text.charCodeAt(i) === QUESTION) {
    do i = pairEnd(text, i + 1, HEADER, false)
    while (i >= 0 && text.charCodeAt(i) === AMPERSAND)
  }
  return i === text.length
}

/** Whoever has an address: an account, a contact. */
export interface Addressed {
  readonly username: string
  readonly domain: string
}

/** `user@domain`, as people, paths and log lines name an account. */
export const addressOfRecord = ({ username, domain }: Addressed): string => `${username}@${domain}`

/** The same as a URI, as provisioning and statistics spell it. */
export const sipUri = (username: string, domain: string): string => `sip:${addressOfRecord({ username, domain })}`

/** RFC 3261 §20.10: `"Display Name" <uri>`, or `<uri>` without a name. */
export const nameAddr = (displayName: string | null, uri: string): string =>
  displayName === null || displayName === '' ? `<${uri}>` : `${quotedString(displayName)} <${uri}>`

/** A SIP domain as a Space may have it: lower-case, two labels at least, no port, no underscore, no IP address. */
export function isDomain(text: string): boolean {
  if (text.length < 4 || text.length > LONGEST_HOST) return false
  let labelStart = 0
  let labels = 0
  let alphabetic = true
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT
    if (code === DOT) {
      if (!isLabel(text, labelStart, i)) return false
      labels++
      if (i < text.length) {
        labelStart = i + 1
        alphabetic = true
      }
    } else if (code < 0x61 || code > 0x7a) {
      if (!isDigit(code) && code !== HYPHEN) return false
      alphabetic = false
    }
  }
  return labels > 1 && alphabetic && text.length - labelStart > 1
}

/** An IPv4 or IPv6 literal (RFC 3261 §25.1), without brackets and without a zone. */
export const isIpAddress = (text: string): boolean => isIpv4(text) || isIpv6(text)

const COLON = 0x3a
const SEMICOLON = 0x3b
const QUESTION = 0x3f
const AMPERSAND = 0x26
const EQUALS = 0x3d
const DOT = 0x2e
const HYPHEN = 0x2d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LESS = 0x3c
const GREATER = 0x3e
const BRACKET = 0x5b
const PERCENT = 0x25

/** Which characters each part of a URI may hold unescaped, one bit a part (RFC 3261 §25.1). */
const USER = 1
const PASSWORD = 2
const PARAMETER = 4
const HEADER = 8
const CLASSES = new Uint8Array(128)
for (const [characters, parts] of [
  ['abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', USER | PASSWORD | PARAMETER | HEADER],
  ["-_.!~*'()", USER | PASSWORD | PARAMETER | HEADER],
  ['&=+$,;?/', USER],
  ['&=+$,', PASSWORD],
  ['[]/:&+$', PARAMETER],
  ['[]/?:+$', HEADER],
] as const)
  for (const character of characters) CLASSES[character.charCodeAt(0)]! |= parts

function readAddress(text: string, escaped: boolean): SipAddress | null {
  let start = skipBlanks(text, 0)
  if (schemeEnd(text, start) > start) {
    // RFC 3261 §20: without angle brackets every parameter belongs to the header, so the URI ends at the first `;`.
    const semicolon = text.indexOf(';', start)
    return readUri(text, start, trimEnd(text, start, semicolon < 0 ? text.length : semicolon), escaped)
  }
  if (text.charCodeAt(start) === QUOTE) {
    start = skipBlanks(text, quotedEnd(text, start))
    if (text.charCodeAt(start) !== LESS) return null
  } else start = text.indexOf('<', start)
  const close = start < 0 ? -1 : text.indexOf('>', start)
  if (close < 0) return null
  const rest = skipBlanks(text, close + 1)
  if (rest < text.length && text.charCodeAt(rest) !== SEMICOLON) return null
  return readUri(text, start + 1, close, escaped)
}

function readUri(text: string, start: number, end: number, escaped: boolean): SipAddress | null {
  const userStart = schemeEnd(text, start)
  const at = text.indexOf('@', userStart)
  if (userStart === start || at < 0 || at >= end) return null

  let userEnd = at
  for (let i = at - 1; i >= userStart; i--) {
    const code = text.charCodeAt(i)
    if (code === COLON) userEnd = i
    else if (code <= 0x20 || code === QUOTE || code === LESS || code === GREATER) return null
  }
  const userText = text.slice(userStart, userEnd)
  const user = escaped ? percentDecode(userText) : userText
  if (user === null || user === '' || hasControl(user)) return null

  const hostStop = hostEnd(text, at + 1, end)
  const host = text.slice(at + 1, hostStop)
  const rest = portEnd(text, hostStop, end)
  if (rest < 0 || !isHost(host)) return null
  if (rest < end && text.charCodeAt(rest) !== SEMICOLON && text.charCodeAt(rest) !== QUESTION) return null
  return { scheme: userStart - start === 4 ? 'sip' : 'sips', user, host: host.toLowerCase() }
}

/** The index after `sip:` or `sips:` in any case, or `start` when the text begins otherwise. */
function schemeEnd(text: string, start: number): number {
  if ((text.charCodeAt(start) | 0x20) !== 0x73) return start
  if ((text.charCodeAt(start + 1) | 0x20) !== 0x69) return start
  if ((text.charCodeAt(start + 2) | 0x20) !== 0x70) return start
  if (text.charCodeAt(start + 3) === COLON) return start + 4
  return (text.charCodeAt(start + 3) | 0x20) === 0x73 && text.charCodeAt(start + 4) === COLON ? start + 5 : start
}

function hostEnd(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) === BRACKET) {
    const close = text.indexOf(']', start)
    return close < 0 || close >= end ? end : close + 1
  }
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === COLON || code === SEMICOLON || code === QUESTION) return i
  }
  return end
}

/** The index after an optional `:port`, or -1 when the colon is not followed by a port number. */
function portEnd(text: string, start: number, end: number): number {
  if (start >= end || text.charCodeAt(start) !== COLON) return start
  let port = 0
  let i = start + 1
  for (; i < end && isDigit(text.charCodeAt(i)); i++) {
    port = port * 10 + text.charCodeAt(i) - 0x30
    if (port > 65535) return -1
  }
  return i === start + 1 ? -1 : i
}

/** The index after `name[=value]` (a parameter) or `name=value` (a header, whose value may be empty), or -1. */
function pairEnd(text: string, start: number, part: number, isParameter: boolean): number {
  const nameEnd = skip(text, start, part)
  if (nameEnd === start) return -1
  if (text.charCodeAt(nameEnd) !== EQUALS) return isParameter ? nameEnd : -1
  const valueEnd = skip(text, nameEnd + 1, part)
  return isParameter && valueEnd === nameEnd + 1 ? -1 : valueEnd
}

/** The first index from which the text no longer belongs to the part; `%` counts only with its two digits. */
function skip(text: string, start: number, part: number): number {
  let i = start
  for (;;) {
    const code = text.charCodeAt(i)
    if (code < 128 && (CLASSES[code]! & part) !== 0) i++
    else if (code === PERCENT && isHexDigit(text.charCodeAt(i + 1)) && isHexDigit(text.charCodeAt(i + 2))) i += 3
    else return i
  }
}

/** A host name, an IPv4 address or a bracketed IPv6 address. A last label of digits only must be IPv4. */
function isHost(text: string): boolean {
  if (text.charCodeAt(0) === BRACKET) return text.endsWith(']') && isIpv6(text.slice(1, -1))
  if (text.length > LONGEST_HOST) return false
  const end = text.endsWith('.') ? text.length - 1 : text.length
  let labelStart = 0
  let numeric = true
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (!isLabel(text, labelStart, i)) return false
      labelStart = i + 1
      numeric = true
    } else if (!isDigit(code)) {
      const letter = code | 0x20
      if ((letter < 0x61 || letter > 0x7a) && code !== HYPHEN) return false
      numeric = false
    }
  }
  return isLabel(text, labelStart, end) && (!numeric || isIpv4(text))
}

/** Four decimal octets without leading zeros, so that nobody reads them as octal. */
function isIpv4(text: string): boolean {
  let octets = 0
  let octet = -1
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT
    if (code === DOT) {
      if (octet < 0 || ++octets > 4) return false
      octet = -1
    } else {
      if (!isDigit(code) || octet === 0) return false
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
      if (octet > 255) return false
    }
  }
  return octets === 4
}

/** Eight groups, or fewer around one `::`; the last two may be written as IPv4 (RFC 4291 §2.2). */
function isIpv6(text: string): boolean {
  let gap = text.startsWith('::')
  let groups = 0
  let i = gap ? 2 : 0
  if (text.length < 2) return false
  while (i < text.length) {
    const start = i
    while (isHexDigit(text.charCodeAt(i))) i++
    if (text.charCodeAt(i) === DOT) {
      if (!isIpv4(text.slice(start))) return false
      groups += 2
      break
    }
    if (i === start || i - start > 4) return false
    groups++
    if (i === text.length) break
    if (text.charCodeAt(i++) !== COLON || i === text.length) return false
    if (text.charCodeAt(i) === COLON) {
      if (gap) return false
      gap = true
      i++
    }
  }
  return gap ? groups < 8 : groups === 8
}

const isLabel = (text: string, start: number, end: number): boolean =>
  end > start &&
  end - start <= LONGEST_LABEL &&
  text.charCodeAt(start) !== HYPHEN &&
  text.charCodeAt(end - 1) !== HYPHEN

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const isHexDigit = (code: number): boolean => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

function skipBlanks(text: string, start: number): number {
  let i = start
  while (isBlank(text.charCodeAt(i))) i++
  return i
}

function trimEnd(text: string, start: number, end: number): number {
  let i = end
  while (i > start && isBlank(text.charCodeAt(i - 1))) i--
  return i
}

/** The index after the closing quote, or the end of the text when there is none. */
function quotedEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === BACKSLASH) i++
    else if (code === QUOTE) return i + 1
  }
  return text.length
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (isControl(text.charCodeAt(i))) return true
  return false
}

/** `null` when the escapes are broken or do not spell UTF-8. */
function percentDecode(text: string): string | null {
  if (text.indexOf('%') < 0) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
