import type { Config } from '../config/config.ts'
import { type Language, translate } from '../messages/messages.ts'

/**
 * The text that carries a code (behaviour/messages.md §5.1). Carriers have its shape registered, so it is the same for
 * every purpose, and with a lifetime one sentence longer.
 */
export const codeText = (
  { SMS_FORCE_LOCALE, SMS_TEMPLATE, SMS_TEMPLATE_EXPIRING }: Config,
  language: Language,
  { space, code, minutes }: { readonly space: string; readonly code: string; readonly minutes: number | null },
): string => {
  const template = minutes === null ? SMS_TEMPLATE : (SMS_TEMPLATE_EXPIRING ?? SMS_TEMPLATE)
  if (template !== null) return template({ space, code, minutes })
  const spoken = SMS_FORCE_LOCALE ?? language
  return minutes === null
    ? translate(spoken, { id: 'sms.code', values: { space, code } })
    : translate(spoken, { id: 'sms.code_expiring', values: { space, code, minutes } })
}
