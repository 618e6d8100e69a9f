/** International phone numbers: ITU-T E.164, with the numbering plans that libphonenumber publishes. */
import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  type MetadataJson,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/core'
// The complete plans. The small set checks little more than lengths in most countries and takes, for example,
// +93 330 292 505, which nobody in Afghanistan has; `core` with the JSON loads a little faster than `/max`.
import metadata from 'libphonenumber-js/metadata.max.json'

export interface Phone {
  /** `+` and digits only. */
  readonly number: string
  /** ISO 3166-1 alpha-2, or `null` for numbers of no country such as +800. */
  readonly region: string | null
  /** Digits only. */
  readonly callingCode: string
}

const LONGEST_NUMBER = 64

/**
 * Reads a number in international form; blanks, dashes, dots and brackets are allowed, an extension is not. `null`
 * unless it can exist.
 */
export function parsePhone(text: string): Phone | null {
  const phone = read(text)
  if (phone === undefined || phone.ext !== undefined || !phone.isValid()) return null
  return { number: phone.number, region: phone.country ?? null, callingCode: phone.countryCallingCode }
}

/** Whether a text means a phone number of a country, even one that cannot exist: such a text is no user name. */
export function looksLikePhone(text: string): boolean {
  const phone = read(text)
  return phone !== undefined && (phone.country !== undefined || phone.isValid())
}

/** Every region with a numbering plan, by code. Regions that share a calling code share its activation. */
export function phoneRegions(): { code: string; callingCode: string }[] {
  return getCountries(PLANS)
    .toSorted()
    .map((code: CountryCode) => ({ code, callingCode: getCountryCallingCode(code, PLANS) }))
}

// TypeScript widens the tuples of a JSON file to arrays; libphonenumber-js declares this very file as MetadataJson.
const PLANS = metadata as unknown as MetadataJson

const read = (text: string): PhoneNumber | undefined =>
  text.charCodeAt(0) === 0x2b && text.length <= LONGEST_NUMBER
    ? parsePhoneNumberFromString(text, { extract: false }, PLANS)
    : undefined
