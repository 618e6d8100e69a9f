import { ButtonLink } from '../../panel/components/button.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { CodePicture } from './sign-in-code.tsx'

/** A code that signs another device in as the caller. */
export const ownCodePage = ({ t }: Kit, token: string): Page => ({
  title: t('code_sign_in.own_title'),
  lede: t('code_sign_in.own_why'),
  address: null,
  children: (
    <>
      <CodePicture token={token} />
      <div>
        <ButtonLink to="/sessions" icon="chevron-left">
          {t('sessions.title')}
        </ButtonLink>
      </div>
    </>
  ),
})
