import { choice, integer, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { boolean, described, moment, orNull, record } from '../../http/output.ts'
import { type CallForwarding, contactUri, FORWARD_TO, type NoAnswerWord, TYPES } from './call-forwardings.ts'

export const CallForwardingSchema = record('CallForwarding', {
  id: integer(1),
  type: described(
    choice([...TYPES, 'away']),
    '`away` is `no_answer` in the words of older Flexisips, in replies that they read.',
  ),
  forward_to: choice(FORWARD_TO),
  sip_uri: described(orNull(text()), 'Kept, too, while calls go elsewhere.'),
  enabled: boolean(),
  contact_id: orNull(integer(1)),
  contact_sip_uri: described(orNull(text()), 'The address of the contact.'),
  created_at: moment(),
  updated_at: moment(),
})

/** An explicit list. `noAnswer`: what the reader calls calls that nobody answers (D23). */
export const callForwardingWire = (rule: CallForwarding, noAnswer: NoAnswerWord = 'no_answer') => ({
  id: rule.id,
  type: rule.type === 'no_answer' ? noAnswer : rule.type,
  forward_to: rule.forwardTo,
  sip_uri: rule.sipUri,
  enabled: rule.enabled,
  contact_id: rule.contactId,
  contact_sip_uri: contactUri(rule),
  created_at: isoMoment(rule.createdAt),
  updated_at: isoMoment(rule.updatedAt),
})
