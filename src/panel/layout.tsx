import type { ComponentChildren } from 'preact'
import type { FieldMessages } from '../errors.ts'
import { exchangeBehind } from '../http/exchange.ts'
import type { MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { type Kit, NOTHING_REFUSED, texts } from './kit.tsx'
import type { Page as NewPage } from './page.tsx'
import { respond } from './respond.ts'

// For pages that have not been brought to the kit yet.

type Same = 'status' | 'foreign' | 'scripts' | 'headers' | 'address' | 'wide' | 'lookAgainSeconds'

interface Page extends Pick<NewPage, Same> {
  /** A message of the catalogue. */
  readonly title: MessageId
  readonly children: ComponentChildren
}

export { texts } from './kit.tsx'

export const kitOf = (visit: Visit, basePath: string, refused: FieldMessages = NOTHING_REFUSED): Kit => {
  const exchange = exchangeBehind(visit)
  return {
    t: texts(visit),
    href: (path) => basePath + path,
    language: visit.language,
    space: visit.space,
    userAgent: visit.userAgent,
    address: visit.address,
    home: visit.baseUrl() + basePath,
    app: { name: 'Linphone', download: null },
    input: visit.input,
    isSignedIn: visit.session?.kind === 'panel' && exchange.frame !== null,
    refused,
    formToken: () => exchange.frame?.formToken ?? '',
  }
}

export const page = (visit: Visit, basePath: string, { title, children, address, ...more }: Page): Response => {
  const kit = kitOf(visit, basePath)
  return respond(exchangeBehind(visit), kit, {
    ...more,
    ...(address === undefined ? {} : { address: address?.slice(basePath.length) ?? null }),
    title: kit.t(title),
    cards: true,
    children: <div class="stack older">{children}</div>,
  })
}
