import type { Visit } from '../../nouns/visit.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'

export const signOutPage = (visit: Visit, basePath: string): Response =>
  page(visit, basePath, {
    title: 'sign_out.title',
    children: (
      <>
        <p>{texts(visit)('sign_out.why')}</p>
        {actionForm(visit, basePath, { path: '/logout', button: 'sign_out.title' })}
      </>
    ),
  })
