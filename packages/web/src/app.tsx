import type { ReactElement } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { useRightsAgain } from './api/rights.js'
import { AuditPage } from './pages/audit-page.js'
import { BuildPage } from './pages/build/build-page.js'
import { BuilderPage } from './pages/builder/builder-page.js'
import { BuildersPage } from './pages/builders/builders-page.js'
import { ChangePage } from './pages/change-page.js'
import { ChangeSourcesPage } from './pages/change-sources-page.js'
import { ChangesPage } from './pages/changes-page.js'
import { DeliveriesPage } from './pages/deliveries-page.js'
import { InstancePage } from './pages/machines/instance-page.js'
import { MachinesPage } from './pages/machines/machines-page.js'
import { PoolPage } from './pages/machines/pool-page.js'
import { MastersPage } from './pages/masters-page.js'
import { NotFoundPage } from './pages/not-found-page.js'
import { NotificationsPage } from './pages/notifications-page.js'
import { PendingRequestsPage } from './pages/pending-requests-page.js'
import { RequestPage } from './pages/request-page.js'
import { SchedulersPage } from './pages/schedulers-page.js'
import { TokensPage } from './pages/tokens-page.js'
import { WorkerPage } from './pages/workers/worker-page.js'
import { WorkersPage } from './pages/workers/workers-page.js'
import { SessionGuard } from './sign-in/session-guard.js'
import { SignedInPage, SignInPage } from './sign-in/sign-in-page.js'
import { Header } from './ui/header.js'
import { Toasts } from './ui/toasts.js'

/** The paths are those of Buildbot's own page after its `#`. */
export function App(): ReactElement {
  useRightsAgain()
  return (
    <Toasts>
      <a className="skip" href="#main">Skip to the content</a>
      <SessionGuard>
        <Header />
        <main id="main" tabIndex={-1}>
          <Routes>
            <Route index element={<BuildersPage />} />
            <Route path="builders" element={<Navigate to="/" replace />} />
            <Route path="builders/:builderid" element={<BuilderPage />} />
            <Route path="builders/:builderid/builds/:number/steps?/:step?/logs?/:slug?" element={<BuildPage />} />
            <Route path="buildrequests/:buildrequestid" element={<RequestPage />} />
            <Route path="pendingbuildrequests" element={<PendingRequestsPage />} />
            <Route path="changes" element={<ChangesPage />} />
            <Route path="changes/:changeid" element={<ChangePage />} />
            <Route path="masters/:masterid?" element={<MastersPage />} />
            <Route path="schedulers" element={<SchedulersPage />} />
            <Route path="changesources" element={<ChangeSourcesPage />} />
            <Route path="deliveries" element={<DeliveriesPage />} />
            <Route path="notifications" element={<NotificationsPage />} />
            <Route path="workers" element={<WorkersPage />} />
            <Route path="workers/:workerid" element={<WorkerPage />} />
            <Route path="pools" element={<Navigate to="/machines" replace />} />
            <Route path="machines" element={<MachinesPage />} />
            <Route path="machines/:pool" element={<PoolPage />} />
            <Route path="instances/:id" element={<InstancePage />} />
            <Route path="tokens" element={<TokensPage />} />
            <Route path="audit" element={<AuditPage />} />
            <Route path="sign-in" element={<SignInPage />} />
            <Route path="signed-in" element={<SignedInPage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Routes>
        </main>
      </SessionGuard>
    </Toasts>
  )
}
