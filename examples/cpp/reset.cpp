// Resets one user.
//
//     reset ID      the key is in JCApiKey
//
// Exit status: 0 if the user was reset, 1 if not, 2 for a wrong call or configuration.
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <jcsdk.h>

namespace jumpcloud {

struct Buffer : jc_buf {
    Buffer() : jc_buf JC_BUF_INIT {}
    ~Buffer() { jc_buf_free(this); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    std::string text() const { return ptr ? std::string(reinterpret_cast<const char *>(ptr), len) : std::string(); }
};

// A failed call: its status, with its result document as the message.
struct Error : std::runtime_error {
    int32_t status;
    Error(int32_t status, const std::string &document) : std::runtime_error(document), status(status) {}
};

class Client {
public:
    Client()
    {
        jc_client *client = nullptr;
        Buffer error;
        if (int32_t status = jc_client_new(nullptr, &client, &error)) throw Error(status, error.text());
        handle.reset(client);
    }

    void reset(const std::string &id)
    {
        // C text ends at a NUL, and an id that is cut there may be that of another user.
        if (id.find('\0') != std::string::npos) throw std::invalid_argument("an id must not contain a NUL");
        Buffer result;
        int32_t status =
            jc_client_reset_system_user_mfa(handle.get(), id.c_str(), JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, &result);
        if (status != JC_OK) throw Error(status, result.text());
    }

private:
    struct Free {
        void operator()(jc_client *client) const { jc_client_free(client); }
    };
    std::unique_ptr<jc_client, Free> handle;
};

} // namespace jumpcloud

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " ID\n";
        return 2;
    }
    try {
        jumpcloud::Client client;
        client.reset(argv[1]);
        std::cout << argv[1] << " is reset\n";
        return 0;
    } catch (const jumpcloud::Error &error) {
        std::cerr << error.what() << '\n';
        return error.status == JC_INVALID ? 2 : 1;
    }
}
