import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'
import { opening } from './opening.tsx'

/** The app as the clients before us found it, and a word why nothing else happens. */
export const overPage = (visit: Visit, basePath: string, href: string, address: '' | null): Response =>
  page(visit, basePath, {
    title: 'wizard.over',
    address,
    children: (
      <>
        <p>{texts(visit)('wizard.over_why')}</p>
        {opening(visit, href, false)}
      </>
    ),
  })
