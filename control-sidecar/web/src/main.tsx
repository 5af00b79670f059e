import { createRoot } from 'react-dom/client';
import './styles/base.css';
import './styles/parts.css';
import './styles/plain.css';
import './styles/landing.css';
import './styles/join.css';
import './styles/meeting.css';
import './styles/tile.css';
import './styles/bar.css';
import './styles/panel.css';
import './styles/notices.css';
import { App } from './ui/App';

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
