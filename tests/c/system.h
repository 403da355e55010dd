/* The few calls that each system has under names of its own: sockets, the environment, sleep, threads, libraries, files
   and standard error. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <io.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>

typedef SOCKET sys_socket;
typedef HANDLE sys_thread;
typedef HMODULE sys_library;

#define SYS_LIBRARY "jcsdk.dll"
#define sys_close_socket closesocket
#define sys_dup _dup
#define sys_dup2 _dup2
#define sys_close _close
#define sys_fileno _fileno

static inline void sys_use_sockets(void)
{
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) abort();
}

/* NULL unsets. */
static inline void sys_set_env(const char *name, const char *value)
{
    if (_putenv_s(name, value ? value : "") != 0) abort();
}

static inline void sys_sleep(unsigned milliseconds)
{
    Sleep(milliseconds);
}

/* The path is UTF-8, as the library takes it. */
static inline FILE *sys_open(const char *path, const char *mode)
{
    wchar_t wide_path[1024], wide_mode[8];
    if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide_path, 1024)) abort();
    if (!MultiByteToWideChar(CP_UTF8, 0, mode, -1, wide_mode, 8)) abort();
    return _wfopen(wide_path, wide_mode);
}

static inline void sys_remove(const char *path)
{
    wchar_t wide[1024];
    if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 1024)) abort();
    _wremove(wide);
}

struct sys_start {
    void *(*work)(void *);
    void *argument;
};

static inline DWORD WINAPI sys_run(void *start)
{
    struct sys_start copy = *(struct sys_start *)start;
    free(start);
    copy.work(copy.argument);
    return 0;
}

static inline void sys_thread_start(sys_thread *thread, void *(*work)(void *), void *argument)
{
    struct sys_start *start = malloc(sizeof *start);
    if (!start) abort();
    *start = (struct sys_start){work, argument};
    *thread = CreateThread(NULL, 0, sys_run, start, 0, NULL);
    if (!*thread) abort();
}

static inline void sys_thread_join(sys_thread thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static inline sys_library sys_load(const char *name)
{
    return LoadLibraryA(name);
}

/* Writes the function's address into the pointer to it. */
static inline void sys_find(sys_library library, const char *name, void *function)
{
    FARPROC found = GetProcAddress(library, name);
    memcpy(function, &found, sizeof found);
}

static inline int sys_unload(sys_library library)
{
    return FreeLibrary(library) ? 0 : -1;
}

#else
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef int sys_socket;
typedef pthread_t sys_thread;
typedef void *sys_library;

#ifdef __APPLE__
#define SYS_LIBRARY "libjcsdk.1.dylib"
#else
#define SYS_LIBRARY "libjcsdk.so.1"
#endif
#define INVALID_SOCKET (-1)
#define sys_close_socket close
#define sys_dup dup
#define sys_dup2 dup2
#define sys_close close
#define sys_fileno fileno

static inline void sys_use_sockets(void)
{
}

static inline void sys_set_env(const char *name, const char *value)
{
    if ((value ? setenv(name, value, 1) : unsetenv(name)) != 0) abort();
}

static inline void sys_sleep(unsigned milliseconds)
{
    nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}, NULL);
}

static inline FILE *sys_open(const char *path, const char *mode)
{
    return fopen(path, mode);
}

static inline void sys_remove(const char *path)
{
    remove(path);
}

static inline void sys_thread_start(sys_thread *thread, void *(*work)(void *), void *argument)
{
    if (pthread_create(thread, NULL, work, argument) != 0) abort();
}

static inline void sys_thread_join(sys_thread thread)
{
    pthread_join(thread, NULL);
}

static inline sys_library sys_load(const char *name)
{
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

static inline void sys_find(sys_library library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
}

static inline int sys_unload(sys_library library)
{
    return dlclose(library);
}
#endif

/* In bytes; -1 where there is no such file. */
static inline long sys_size(const char *path)
{
    FILE *file = sys_open(path, "rb");
    if (!file) return -1;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    return size;
}

/* Where standard error went before, and the file that it goes to now. */
struct sys_stderr {
    int before;
    FILE *file;
};

static inline struct sys_stderr sys_stderr_away(void)
{
    struct sys_stderr away = {sys_dup(2), tmpfile()};
    if (!away.file || sys_dup2(sys_fileno(away.file), 2) < 0) abort();
    return away;
}

/* Puts it back, and returns how many bytes went to the file. */
static inline long sys_stderr_back(struct sys_stderr away)
{
    fflush(stderr);
    sys_dup2(away.before, 2);
    sys_close(away.before);
    fseek(away.file, 0, SEEK_END);
    long size = ftell(away.file);
    fclose(away.file);
    return size;
}

#endif
