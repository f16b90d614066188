"""Why a draft study cannot be opened yet."""
