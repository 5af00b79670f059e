import { createRoot } from 'react-dom/client';
import './styles/base.css';
import './styles/landing.css';
import './styles/join.css';
import './styles/meeting.css';
import { App } from './ui/App';

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
