"""What tests of Tocsin and of things built on it need: stores, a simulator, fakes of the world outside."""
