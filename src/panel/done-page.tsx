import type { ComponentChildren } from 'preact'
import type { MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { page, texts } from './layout.tsx'

interface Done {
  readonly title: MessageId
  readonly text: MessageId
  readonly headers?: Readonly<Record<string, string>>
  /** Below the text. */
  readonly after?: ComponentChildren
}

/** What a form has done, where nothing is left to do. */
export const donePage = (visit: Visit, basePath: string, { title, text, headers = {}, after }: Done): Response =>
  page(visit, basePath, {
    title,
    address: null,
    headers,
    children: (
      <>
        <p>{texts(visit)(text)}</p>
        {after}
      </>
    ),
  })
